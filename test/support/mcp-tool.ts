import { afterEach } from 'vitest';
import { McpToolParam } from '../../src/contracts/responses/tool-param.ts';
import { createMcpTool } from '../../src/tools/mcp/mcp-tool.ts';
import { parseOperatorServers } from '../../src/tools/mcp/operator-servers.ts';
import type { OpenTool } from '../../src/tools/server-tool.ts';

const never = new AbortController().signal;

/** As the service makes it; `allowPrivate` lets callers name servers of this machine. */
export function mcpTool(
  mcpServers: Record<string, unknown> = {},
  { allowPrivate = true }: { allowPrivate?: boolean } = {},
) {
  return createMcpTool({
    servers: parseOperatorServers({ mcpServers }, (name) => ({ SECRET: 'a secret of the operator' })[name]),
    allowPrivate,
    version: '0',
    now: () => 0,
  });
}

/** What a test file has opened; closed after each of its tests, the last first. */
export function closedAfterEach(): Array<() => Promise<void>> {
  const closing: Array<() => Promise<void>> = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  return closing;
}

/** Opens a request's entry; `closing` gets its end. */
export async function openedMcp(
  closing: Array<() => Promise<void>>,
  entry: object,
  tool = mcpTool(),
): Promise<OpenTool> {
  const made = await tool.open(McpToolParam.parse({ type: 'mcp', server_label: 'it', ...entry }), { signal: never });
  closing.push(() => made.close());
  return made;
}
