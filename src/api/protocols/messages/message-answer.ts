import type {
  Message,
  MessageBlock,
  MessageEvent,
  MessageUsage,
  StopReason,
} from '../../../contracts/protocols/anthropic-message.ts';
import type { OutputItem } from '../../../contracts/responses/output-item.ts';
import type { Response } from '../../../contracts/responses/response.ts';
import { responseJob } from '../../../contracts/responses/response-job.ts';
import type { ResponseUsage } from '../../../contracts/responses/usage.ts';
import type { AnswerPiece } from '../answer-pieces.ts';
import { parsedArguments } from '../call-arguments.ts';
import { notFailed, type Run, type Settled } from '../translated-runs.ts';

type Delta = Extract<MessageEvent, { type: 'content_block_delta' }>['delta'];
type Content = { key: string; block: MessageBlock; delta: Delta | undefined };

/**
 * Pieces as Anthropic's events, `message_start` to `message_stop`: one block after the other, each opened and closed.
 * @throws ServiceError once the response has failed
 */
export async function* messageEvents(
  run: Run,
  pieces: AsyncIterable<AnswerPiece>,
): AsyncGenerator<MessageEvent, void, void> {
  let index = -1;
  let open: Content | undefined;
  yield { type: 'message_start', message: beginningOf(run) };
  for await (const piece of pieces) {
    const content = piece.type === 'end' ? undefined : contentOf(piece);
    if (open !== undefined && open.key !== content?.key) yield* close(open, index, run);
    if (piece.type === 'end') {
      const response = notFailed(piece.response);
      const { stop_sequence, verdict } = response;
      const delta = { stop_reason: stopReason(response), stop_sequence, stop_details: null, container: null };
      yield { type: 'message_delta', delta, usage: messageUsage(response.usage), ...(verdict !== null && { verdict }) };
      yield { type: 'message_stop' };
      return;
    }
    if (content === undefined) continue;
    if (open?.key !== content.key) {
      index += 1;
      yield { type: 'content_block_start', index, content_block: content.block };
    }
    open = content;
    if (content.delta !== undefined) yield { type: 'content_block_delta', index, delta: content.delta };
  }
}

function* close(open: Content, index: number, { job }: Run): Generator<MessageEvent, void, void> {
  if (open.block.type === 'thinking') {
    yield { type: 'content_block_delta', index, delta: { type: 'signature_delta', signature: job.id } };
  }
  yield { type: 'content_block_stop', index };
}

/** The block that a piece belongs to, as it begins, and what the piece adds. */
function contentOf(piece: Exclude<AnswerPiece, { type: 'end' }>): Content {
  switch (piece.type) {
    case 'thought': {
      const block = { type: 'thinking' as const, thinking: '', signature: '' };
      return { key: `thinking ${piece.thought}`, block, delta: { type: 'thinking_delta', thinking: piece.text } };
    }
    case 'text':
    case 'refusal': {
      const block = { type: 'text' as const, text: '', citations: null };
      return { key: 'text', block, delta: { type: 'text_delta', text: piece.text } };
    }
    case 'call':
    case 'arguments': {
      const { id, name } = piece.type === 'call' ? piece : { id: '', name: '' };
      const block = { type: 'tool_use' as const, id, name, input: {}, caller: { type: 'direct' as const } };
      const delta =
        piece.type === 'arguments' ? ({ type: 'input_json_delta', partial_json: piece.text } as const) : undefined;
      return { key: `call ${piece.call}`, block, delta };
    }
    default:
      return piece satisfies never;
  }
}

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
function beginningOf({ job, warnings }: Run): Message {
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

function stopReason(response: Response): StopReason {
  if (response.output.some((item) => item.type === 'function_call')) return 'tool_use';
  const refused = response.output.some(
    (item) => item.type === 'message' && item.content.some((part) => part.type === 'refusal'),
  );
  if (refused) return 'refusal';
  if (response.status !== 'completed') return 'max_tokens';
  return response.stop_sequence === null ? 'end_turn' : 'stop_sequence';
}

function messageUsage(usage: ResponseUsage | null): MessageUsage {
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
          input: parsedArguments(item.arguments) ?? item.arguments,
          caller: { type: 'direct' },
        },
      ];
    case 'reasoning':
      return [];
    case 'custom_tool_call':
      // No tool of theirs takes free text.
      return [];
    // Only requests of the Responses API have them.
    case 'code_interpreter_call':
    case 'mcp_list_tools':
    case 'mcp_call':
    case 'mcp_approval_request':
      return [];
    default:
      return item satisfies never;
  }
}
