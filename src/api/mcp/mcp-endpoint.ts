import { createMcpHandler } from '@modelcontextprotocol/server';
import type { ApiLog } from '../dependencies.ts';
import type { McpEndpoint } from './service-calls.ts';
import { createThinkServer } from './think-server.ts';

/**
 * The streamable HTTP transport of MCP, without state: each request gets a server of its own, so that any API process answers
 * any of them. Serves the protocol of 2026-07-28 and the versions of 2025, whose clients send `initialize` first.
 */
export function createMcpEndpoint(options: {
  version: string;
  /** A client of 2025 that goes away cancels what it waits for; one of 2026-07-28 always does, as its protocol says. */
  cancelOnDisconnect: boolean;
  keepAliveMs: number;
  log: ApiLog;
}): McpEndpoint {
  const { version, cancelOnDisconnect, keepAliveMs, log } = options;
  const onFault = (error: unknown) => log.error({ err: error }, 'an MCP tool failed');
  return (request, { body, service }) => {
    const handler = createMcpHandler(
      ({ era }) => createThinkServer({ service, version, cancels: era === 'modern' || cancelOnDisconnect, onFault }),
      {
        keepAliveMs,
        // The tools never change, so there is nothing to subscribe to.
        maxSubscriptions: 0,
        onerror: (error) => log.info({ err: error }, 'an MCP request was refused or broke'),
      },
    );
    return handler.fetch(request, body === undefined ? {} : { parsedBody: body });
  };
}
