import type { Job } from '../../contracts/responses/job.ts';
import type { OutputLogprob } from '../../contracts/responses/output-item.ts';
import type { Response } from '../../contracts/responses/response.ts';
import type { ResponseEvent } from '../../contracts/responses/response-event.ts';
import type { JobQueue } from '../../core/job-queue.ts';
import { responseEvents } from '../responses/response-events.ts';

/**
 * What the other APIs' streams are made of. `call` numbers the tool calls from 0; a `custom` one takes free text. `thought`
 * numbers the thoughts: the first chain's, and a further one where that one was cut or lost.
 */
export type AnswerPiece =
  | { type: 'thought'; thought: number; text: string }
  | { type: 'text'; text: string; logprobs: readonly OutputLogprob[] }
  | { type: 'refusal'; text: string }
  | { type: 'call'; kind: 'function' | 'custom'; call: number; id: string; name: string }
  | { type: 'arguments'; kind: 'function' | 'custom'; call: number; text: string }
  | { type: 'end'; response: Response };

/** How much of the thoughts the caller gets: the first chain's and the winning one, the reasoning's summary, or nothing. */
export type Thoughts = 'full' | 'summary' | 'none';

/**
 * A response's events as pieces, live; `end` is the last. Thoughts come before anything visible: the first chain's as it is
 * sampled, the winning one once the answer is settled. Ends without `end` when `signal` is aborted.
 */
export async function* answerPieces(
  queue: JobQueue,
  job: Job,
  { thoughts, signal }: { thoughts: Thoughts; signal: AbortSignal },
): AsyncGenerator<AnswerPiece, void, void> {
  const seen: Seen = { calls: new Map(), thoughts: new Map(), part: 0 };
  for await (const event of responseEvents(queue, job, { signal })) {
    const piece = pieceOf(event, thoughts, seen);
    if (piece === undefined) continue;
    yield piece;
    if (piece.type === 'end') return;
  }
}

/** Thoughts as one text, where an API has one field for all of them; each piece with what stands before it there. */
export function createJoinedThoughts(): (piece: Extract<AnswerPiece, { type: 'thought' }>) => string {
  let last: number | undefined;
  return ({ thought, text }) => {
    const isFurther = last !== undefined && thought !== last;
    last = thought;
    return isFurther ? `\n\n${text}` : text;
  };
}

/** Calls and thoughts by their item's place in the output, and the part of the summary that came last. */
type Seen = { calls: Map<number, number>; thoughts: Map<number, number>; part: number };

function pieceOf(event: ResponseEvent, thoughts: Thoughts, seen: Seen): AnswerPiece | undefined {
  const { calls } = seen;
  switch (event.type) {
    case 'response.output_text.delta':
      return { type: 'text', text: event.delta, logprobs: event.logprobs };
    case 'response.refusal.delta':
      return { type: 'refusal', text: event.delta };
    case 'response.reasoning_text.delta':
      return thoughts === 'full' ? thoughtPiece(event.output_index, event.delta, seen) : undefined;
    case 'response.reasoning_summary_text.delta': {
      if (thoughts !== 'summary') return undefined;
      // Each part is a line.
      const isNext = event.summary_index > 0 && event.summary_index !== seen.part;
      seen.part = event.summary_index;
      return thoughtPiece(event.output_index, isNext ? `\n${event.delta}` : event.delta, seen);
    }
    case 'response.output_item.added': {
      if (event.item.type !== 'function_call' && event.item.type !== 'custom_tool_call') return undefined;
      const call = calls.size;
      calls.set(event.output_index, call);
      const kind = event.item.type === 'function_call' ? 'function' : 'custom';
      return { type: 'call', kind, call, id: event.item.call_id, name: event.item.name };
    }
    case 'response.function_call_arguments.delta':
    case 'response.custom_tool_call_input.delta': {
      const kind = event.type === 'response.custom_tool_call_input.delta' ? 'custom' : 'function';
      return { type: 'arguments', kind, call: calls.get(event.output_index) ?? 0, text: event.delta };
    }
    case 'response.completed':
    case 'response.incomplete':
    case 'response.failed':
      return { type: 'end', response: event.response };
    default:
      return undefined;
  }
}

function thoughtPiece(index: number, text: string, { thoughts }: Seen): AnswerPiece {
  const thought = thoughts.get(index) ?? thoughts.size;
  thoughts.set(index, thought);
  return { type: 'thought', thought, text };
}
