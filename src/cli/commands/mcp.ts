import type { Command } from 'commander';
import { CallRefused, type ServiceCalls } from '../../api/mcp/service-calls.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import { packageVersion } from '../../entry/package-version.ts';
import { StartError } from '../../entry/run-entry.ts';
import { CliError } from '../cli-error.ts';
import { type OpenedService, openService } from '../embedded-service.ts';
import type { ServiceOptions } from '../find-service.ts';
import { listenForInterrupts, onInterrupt } from '../interrupts.ts';
import { serviceOptions } from '../options.ts';
import type { Terminal } from '../terminal.ts';

/** `thinkfirst mcp` */
export function addMcp(program: Command, terminal: Terminal): void {
  const command = program
    .command('mcp')
    .summary('an MCP server for Claude Desktop, Cursor, VS Code')
    .description(
      'Speaks the Model Context Protocol on standard input and output: the tools think and get_trace. ' +
        'MCP clients start it, see docs/clients.md. It uses a running service; if there is none, the first call starts one. ' +
        'A running service is an MCP server itself, at /mcp.',
    );
  serviceOptions(command).action(async (options: ServiceOptions) => {
    const { serveStdio } = await import('@modelcontextprotocol/server/stdio');
    const { createThinkServer } = await import('../../api/mcp/think-server.ts');
    listenForInterrupts();
    const { service, close } = lazyService(options, terminal);
    const onFault = (error: unknown) => terminal.note(`thinkfirst mcp: ${String(error)}`);
    const version = packageVersion();
    const serving = serveStdio(() => createThinkServer({ service, version, cancels: true, onFault }), {
      onerror: onFault,
    });
    await new Promise<void>((resolve) => {
      const release = onInterrupt(resolve);
      terminal.input.once('end', () => {
        release();
        resolve();
      });
    });
    await serving.close();
    await close();
  });
}

/** Opened at its first call, so that a program that starts this and never asks holds no model. */
function lazyService(options: ServiceOptions, terminal: Terminal): { service: ServiceCalls; close(): Promise<void> } {
  let opened: Promise<OpenedService> | undefined;
  const open = () => {
    opened ??= openService(options, terminal, { quiet: false }).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return {
    service: {
      async call(shape, path, { callId: _, ...request } = {}) {
        try {
          const { client } = await open();
          return await client.call(shape, path, request);
        } catch (error) {
          throw forClient(error);
        }
      },
    },
    close: async () => (await opened?.catch(() => undefined))?.close(),
  };
}

/** What a command would print, and what to do about it. */
function forClient(error: unknown): unknown {
  if (error instanceof CliError) return new CallRefused([error.message, error.advice].filter(Boolean).join(' '));
  if (error instanceof StartError || error instanceof ServiceError) return new CallRefused(error.message);
  return error;
}
