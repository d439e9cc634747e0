import type { ItemList } from '../../../../src/contracts/responses/conversation.ts';
import type { TraceStep } from '../../../../src/contracts/responses/trace.ts';

export type Turn = { key: string; role: 'user' | 'assistant' | 'system' | 'developer' | 'tool'; text: string };

/** The items of a prompt as turns to read; what has no words (an earlier thought) is left out. */
export function turnsOf(items: ItemList['data']): Turn[] {
  return items.flatMap((item, index): Turn[] => {
    const key = String(index);
    switch (item.type) {
      case 'message': {
        const text =
          typeof item.content === 'string'
            ? item.content
            : item.content.map((part) => ('text' in part ? part.text : '')).join('\n');
        return [{ key, role: item.role, text }];
      }
      case 'function_call':
        return [{ key, role: 'assistant', text: `${item.name}(${item.arguments})` }];
      case 'custom_tool_call':
        return [{ key, role: 'assistant', text: `${item.name}(${item.input})` }];
      case 'function_call_output':
      case 'custom_tool_call_output':
        return [
          { key, role: 'tool', text: typeof item.output === 'string' ? item.output : JSON.stringify(item.output) },
        ];
      case 'code_interpreter_call': {
        const logs = (item.outputs ?? []).flatMap((output) => (output.type === 'logs' ? [output.logs] : []));
        return [
          { key, role: 'assistant', text: `python\n${item.code ?? ''}` },
          { key: `${key} result`, role: 'tool', text: logs.join('') },
        ];
      }
      case 'mcp_approval_request':
        return [{ key, role: 'assistant', text: `${item.server_label}: ${item.name}(${item.arguments})` }];
      case 'mcp_call': {
        const result = { key: `${key} result`, role: 'tool' as const, text: item.error ?? item.output ?? '' };
        // One that was approved stands there as a request already.
        if (item.approval_request_id != null) return [result];
        return [{ key, role: 'assistant', text: `${item.server_label}: ${item.name}(${item.arguments})` }, result];
      }
      default:
        return [];
    }
  });
}

/** The files of prompts/ that steps were fed from, each with the steps. */
export function promptFiles(steps: readonly TraceStep[]): { file: string; hash: string; steps: number[] }[] {
  const files = new Map<string, { file: string; hash: string; steps: number[] }>();
  for (const { prompt, index } of steps) {
    if (prompt === null) continue;
    const key = `${prompt.file}:${prompt.hash}`;
    const known = files.get(key) ?? { ...prompt, steps: [] };
    known.steps.push(index);
    files.set(key, known);
  }
  return [...files.values()];
}
