import type {
  Message,
  MessageBlock,
  MessageUsage,
  StopReason,
} from '../../../contracts/protocols/anthropic-message.ts';
import type { OutputItem } from '../../../contracts/responses/output-item.ts';
import type { Response } from '../../../contracts/responses/response.ts';
import { responseJob } from '../../../contracts/responses/response-job.ts';
import type { ResponseUsage } from '../../../contracts/responses/usage.ts';
import type { Run, Settled } from '../translated-runs.ts';

/** A settled response as Anthropic's message: the thoughts first, then what is visible. */
export function messageOf(run: Run, { response, thoughts }: Settled): Message {
  const thinking = thoughts.map(
    (thought): MessageBlock => ({ type: 'thinking', thinking: thought, signature: response.id }),
  );
  return {
    ...beginningOf(run),
    content: [...thinking, ...response.output.flatMap(blocksOf)],
    stop_reason: stopReason(response),
    stop_sequence: response.stop_sequence,
    usage: messageUsage(response.usage),
    verdict: response.verdict,
  };
}

/** The message before there is any of it. */
export function beginningOf({ job, warnings }: Run): Message {
  return {
    id: job.id.replace(/^resp_/, 'msg_'),
    type: 'message',
    role: 'assistant',
    model: job.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage: { ...messageUsage(null), input_tokens: responseJob(job).input_tokens },
    verdict: null,
    warnings: [...warnings],
  };
}

export function stopReason(response: Response): StopReason {
  if (response.output.some((item) => item.type === 'function_call')) return 'tool_use';
  const refused = response.output.some(
    (item) => item.type === 'message' && item.content.some((part) => part.type === 'refusal'),
  );
  if (refused) return 'refusal';
  if (response.status !== 'completed') return 'max_tokens';
  return response.stop_sequence === null ? 'end_turn' : 'stop_sequence';
}

export function messageUsage(usage: ResponseUsage | null): MessageUsage {
  const cached = usage?.input_tokens_details.cached_tokens ?? 0;
  return {
    input_tokens: Math.max(0, (usage?.input_tokens ?? 0) - cached),
    cache_creation: null,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cached,
    output_tokens: usage?.output_tokens ?? 0,
    output_tokens_details: { thinking_tokens: usage?.output_tokens_details.reasoning_tokens ?? 0 },
    inference_geo: null,
    server_tool_use: null,
    service_tier: 'standard',
  };
}

function blocksOf(item: OutputItem): MessageBlock[] {
  switch (item.type) {
    case 'message':
      return item.content.map((part) => ({
        type: 'text',
        text: part.type === 'refusal' ? part.refusal : part.text,
        citations: null,
      }));
    case 'function_call':
      return [
        {
          type: 'tool_use',
          id: item.call_id,
          name: item.name,
          input: parsed(item.arguments),
          caller: { type: 'direct' },
        },
      ];
    case 'reasoning':
      return [];
    case 'custom_tool_call':
      // No tool of theirs takes free text.
      return [];
    default:
      return item satisfies never;
  }
}

/** A call that was cut short has arguments that are no JSON: they stay the text that they are. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
