import type { Response } from '../../../../src/contracts/responses/response.ts';
import type { ToolParam } from '../../../../src/contracts/responses/tool-param.ts';
import type { CallerView } from '../../../../src/contracts/service/key-scopes.ts';
import { asEffort } from '../../run/effort.ts';
import type { Asking } from './use-chat.ts';

/** The id of Python; those of MCP servers are their labels. No label has a colon. */
export const pythonTool = 'service:python';

/** The tools that this reader may offer to a model. */
export function toolsOf({ scopes, mcp_servers = [] }: CallerView): { id: string; param: ToolParam }[] {
  if (!scopes.tools) return [];
  return [
    { id: pythonTool, param: { type: 'code_interpreter', container: { type: 'auto' } } },
    ...mcp_servers.map((label) => ({ id: label, param: { type: 'mcp' as const, server_label: label } })),
  ];
}

/** How a response was asked for, so that a decision goes on from it. A token of its MCP server is not known any more. */
export function requestBehind({ model, instructions, reasoning, tools }: Response): {
  asking: Asking;
  tools: ToolParam[];
} {
  const { effort, requested, strategy, budget_tokens } = reasoning.effective;
  const chosen = asEffort(requested ?? effort) ?? 'high';
  return {
    asking: {
      model,
      effort: chosen,
      budget: requested === undefined && budget_tokens > 0 ? budget_tokens : undefined,
      strategy: chosen === 'none' || requested !== undefined ? '' : strategy,
      instructions: instructions ?? '',
      tools: [],
    },
    tools,
  };
}
