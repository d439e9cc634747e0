import { ServiceError } from '../../contracts/service/service-error.ts';
import { packageVersion } from '../../entry/package-version.ts';
import { StartError } from '../../entry/run-entry.ts';
import { createMcpTool } from '../../tools/mcp/mcp-tool.ts';
import type { OperatorServers } from '../../tools/mcp/operator-servers.ts';
import { counted } from '../render/figures.ts';
import { type Finding, faulty, well } from './finding.ts';

/** Each of the operator's MCP servers: whether it can be reached, and whether its tools can be offered. */
export async function mcpServerFindings(configured: () => OperatorServers): Promise<Finding[]> {
  try {
    const servers = configured();
    const tool = createMcpTool({ servers, allowPrivate: false, version: packageVersion(), now: Date.now });
    return await Promise.all([...servers.keys()].map((label) => findingOf(label, tool)));
  } catch (error) {
    if (!(error instanceof StartError) && !(error instanceof ServiceError)) throw error;
    return [faulty('MCP servers', error.message, 'Put mcpServers of thinkfirst.config.json right; see docs/tools.md.')];
  }
}

async function findingOf(label: string, tool: ReturnType<typeof createMcpTool>): Promise<Finding> {
  const name = `MCP server ${label}`;
  try {
    const opened = await tool.open({ type: 'mcp', server_label: label }, { signal: new AbortController().signal });
    await opened.close();
    return well(name, `answers, with ${counted(opened.functions.length, 'tool')}`);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return faulty(name, error.message, 'Start that server, or put its entry right in thinkfirst.config.json.');
  }
}
