import type { MessageBlock, MessageEvent } from '../../../contracts/protocols/anthropic-message.ts';
import type { AnswerPiece } from '../answer-pieces.ts';
import { notFailed, type Run } from '../translated-runs.ts';
import { beginningOf, messageUsage, stopReason } from './message-answer.ts';

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
