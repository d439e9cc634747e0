import type { UnnumberedEvent } from '../contracts/responses/response-event.ts';
import type { ServerItem } from './server-tools.ts';

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
