import type {
  CodeInterpreterCall,
  McpApprovalRequest,
  McpCall,
  McpListTools,
} from '../contracts/responses/output-item.ts';
import type { UnnumberedEvent } from '../contracts/responses/response-event.ts';
import type { TraceStep } from '../contracts/responses/trace.ts';
import { codeOf } from '../core/parse-json.ts';
import { openCalls } from '../reasoning/sampling/call-steps.ts';
import type { ServerTools } from '../tools/call-tools.ts';

/** What a response shows of the tools that the service runs itself. */
export type ServerItem = CodeInterpreterCall | McpListTools | McpCall | McpApprovalRequest;

/** Steps of the calls of the chain that the answer came of; while it still streams there is one chain only. */
export function winningCalls(steps: readonly TraceStep[]): TraceStep[] {
  const byIndex = new Map(steps.map((step) => [step.index, step]));
  const callsOf = (step: TraceStep | undefined) => (step?.calls ?? []).flatMap((index) => byIndex.get(index) ?? []);
  const chains = steps.filter(({ phase }) => phase === 'draft' || phase === 'think' || phase === 'revise');
  const answer = steps.findLast(({ phase }) => phase === 'answer');
  if (answer !== undefined) {
    const source = chains.findLast(({ sample, phase }) =>
      answer.sample === null ? phase === 'draft' : sample === answer.sample,
    );
    return answer.calls === undefined ? callsOf(source) : callsOf(answer);
  }
  const open = openCalls({ finishedSteps: steps }).filter(({ call }) => call?.of === 'answer');
  return open.length > 0 ? open : callsOf(chains.at(-1));
}

/** What each MCP server has, one item a server. */
export function listItems(tools: ServerTools, suffix: string): McpListTools[] {
  const byServer = new Map<string, McpListTools>();
  for (const { shown, description, parameters } of tools.functions) {
    if (shown.type !== 'mcp') continue;
    const { server_label, name, annotations } = shown;
    const list: McpListTools = byServer.get(server_label) ?? {
      type: 'mcp_list_tools',
      id: `mcpl_${suffix}_${byServer.size}`,
      server_label,
      tools: [],
    };
    list.tools.push({
      name,
      description: description ?? null,
      input_schema: parameters ?? { type: 'object' },
      annotations: annotations ?? null,
    });
    byServer.set(server_label, list);
  }
  return [...byServer.values()];
}

/** The item of a call's step; none where the step is no call of these tools. */
export function callItems(
  step: TraceStep,
  { tools, suffix, outputs }: { tools: ServerTools; suffix: string; outputs: boolean },
): ServerItem[] {
  const { call } = step;
  const shown = tools.find(call?.name ?? '')?.shown;
  if (call === undefined || shown === undefined) return [];
  const output = call.output ?? '';
  if (shown.type === 'code_interpreter') {
    return [
      {
        type: 'code_interpreter_call',
        id: `ci_${suffix}_${step.index}`,
        code: codeOf(call.arguments),
        container_id: `cntr_${suffix}_${step.sample ?? 0}`,
        outputs: outputs ? [{ type: 'logs', logs: output }] : null,
        status: 'completed',
      },
    ];
  }
  return [
    {
      type: 'mcp_call',
      id: `mcp_${suffix}_${step.index}`,
      server_label: shown.server_label,
      name: shown.name,
      arguments: call.arguments,
      approval_request_id: call.of === 'request' ? call.id : null,
      output: call.error ? null : output,
      error: call.error ? output : null,
      status: call.error ? 'failed' : 'completed',
    },
  ];
}

/** The events of an item that is shown when it is complete, in OpenAI's order. */
export function serverItemEvents(
  item: ServerItem,
  output_index: number,
  pieces: (text: string) => string[],
): UnnumberedEvent[] {
  const at = { output_index, item_id: item.id };
  const done: UnnumberedEvent = { type: 'response.output_item.done', output_index, item };
  const added = (begun: ServerItem): UnnumberedEvent => ({
    type: 'response.output_item.added',
    output_index,
    item: begun,
  });
  switch (item.type) {
    case 'code_interpreter_call': {
      const code = item.code ?? '';
      return [
        added({ ...item, code: '', outputs: null, status: 'in_progress' }),
        { type: 'response.code_interpreter_call.in_progress', ...at },
        ...pieces(code).map(
          (delta): UnnumberedEvent => ({ type: 'response.code_interpreter_call_code.delta', ...at, delta }),
        ),
        { type: 'response.code_interpreter_call_code.done', ...at, code },
        { type: 'response.code_interpreter_call.interpreting', ...at },
        { type: 'response.code_interpreter_call.completed', ...at },
        done,
      ];
    }
    case 'mcp_call':
      return [
        added({ ...item, arguments: '', output: null, error: null, status: 'in_progress' }),
        { type: 'response.mcp_call.in_progress', ...at },
        ...pieces(item.arguments).map(
          (delta): UnnumberedEvent => ({ type: 'response.mcp_call_arguments.delta', ...at, delta }),
        ),
        { type: 'response.mcp_call_arguments.done', ...at, arguments: item.arguments },
        { type: item.status === 'failed' ? 'response.mcp_call.failed' : 'response.mcp_call.completed', ...at },
        done,
      ];
    case 'mcp_list_tools':
      return [
        added({ ...item, tools: [] }),
        { type: 'response.mcp_list_tools.in_progress', ...at },
        { type: 'response.mcp_list_tools.completed', ...at },
        done,
      ];
    case 'mcp_approval_request':
      return [added(item), done];
    default:
      return item satisfies never;
  }
}
