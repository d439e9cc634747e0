import type { Job } from '../../contracts/job.ts';
import type { OutputLogprob } from '../../contracts/output-item.ts';
import type { Response } from '../../contracts/response.ts';
import type { ResponseEvent } from '../../contracts/response-event.ts';
import type { JobQueue } from '../../queue/job-queue.ts';
import { responseEvents } from '../response-events.ts';

/** What the other APIs' streams are made of. `call` numbers the tool calls from 0; a `custom` one takes free text. */
export type AnswerPiece =
  | { type: 'thought'; text: string }
  | { type: 'text'; text: string; logprobs: readonly OutputLogprob[] }
  | { type: 'refusal'; text: string }
  | { type: 'call'; kind: 'function' | 'custom'; call: number; id: string; name: string }
  | { type: 'arguments'; kind: 'function' | 'custom'; call: number; text: string }
  | { type: 'end'; response: Response };

/** How much of the thoughts the caller gets: the winning thought, the reasoning's summary, or nothing. */
export type Thoughts = 'full' | 'summary' | 'none';

/**
 * A response's events as pieces, live; `end` is the last. The thought comes before anything visible: live where there is
 * one chain, else once the answer is settled. Ends without `end` when `signal` is aborted.
 */
export async function* answerPieces(
  queue: JobQueue,
  job: Job,
  { thoughts, signal }: { thoughts: Thoughts; signal: AbortSignal },
): AsyncGenerator<AnswerPiece, void, void> {
  const calls = new Map<number, number>();
  for await (const event of responseEvents(queue, job, { signal })) {
    const piece = pieceOf(event, { thoughts, calls });
    if (piece === undefined) continue;
    yield piece;
    if (piece.type === 'end') return;
  }
}

function pieceOf(
  event: ResponseEvent,
  { thoughts, calls }: { thoughts: Thoughts; calls: Map<number, number> },
): AnswerPiece | undefined {
  switch (event.type) {
    case 'response.output_text.delta':
      return { type: 'text', text: event.delta, logprobs: event.logprobs };
    case 'response.refusal.delta':
      return { type: 'refusal', text: event.delta };
    case 'response.reasoning_text.delta':
      return thoughts === 'full' ? { type: 'thought', text: event.delta } : undefined;
    case 'response.reasoning_summary_text.delta':
      return thoughts === 'summary' ? { type: 'thought', text: event.delta } : undefined;
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
