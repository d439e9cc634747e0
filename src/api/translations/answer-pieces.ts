import type { Job } from '../../contracts/job.ts';
import type { OutputLogprob } from '../../contracts/output-item.ts';
import type { Response } from '../../contracts/response.ts';
import type { ResponseEvent } from '../../contracts/response-event.ts';
import { TraceEvent } from '../../contracts/trace-event.ts';
import { winningThought } from '../../contracts/winning-thought.ts';
import type { JobQueue } from '../../queue/job-queue.ts';
import { responseEvents } from '../response-events.ts';
import { traceSteps } from '../trace-view.ts';

/** What the other APIs' streams are made of. `call` numbers the tool calls from 0. */
export type AnswerPiece =
  | { type: 'thought'; text: string }
  | { type: 'text'; text: string; logprobs: readonly OutputLogprob[] }
  | { type: 'refusal'; text: string }
  | { type: 'call'; call: number; id: string; name: string }
  | { type: 'arguments'; call: number; text: string }
  | { type: 'end'; response: Response };

/** How much of the thoughts the caller gets: the winning thought, the reasoning's summary, or nothing. */
export type Thoughts = 'full' | 'summary' | 'none';

/**
 * A response's events as pieces, live; `end` is the last. The thought comes before anything visible: as the log streams
 * it where it does, else read from the trace once the answer is settled. Ends without `end` when `signal` is aborted.
 */
export async function* answerPieces(
  queue: JobQueue,
  job: Job,
  { thoughts, signal }: { thoughts: Thoughts; signal: AbortSignal },
): AsyncGenerator<AnswerPiece, void, void> {
  let thoughtShown = thoughts !== 'full';
  const calls = new Map<number, number>();
  for await (const event of responseEvents(queue, job, { signal })) {
    const piece = pieceOf(event, { thoughts, calls });
    if (piece === undefined) continue;
    if (!thoughtShown) {
      thoughtShown = true;
      const text = piece.type === 'thought' ? '' : await thoughtOfTrace(queue, job, signal);
      if (text !== '') yield { type: 'thought', text };
    }
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
      if (event.item.type !== 'function_call') return undefined;
      const call = calls.size;
      calls.set(event.output_index, call);
      return { type: 'call', call, id: event.item.call_id, name: event.item.name };
    }
    case 'response.function_call_arguments.delta':
      return { type: 'arguments', call: calls.get(event.output_index) ?? 0, text: event.delta };
    case 'response.completed':
    case 'response.incomplete':
    case 'response.failed':
      return { type: 'end', response: event.response };
    default:
      return undefined;
  }
}

/** What is logged by now: the answer is settled, so the thought behind it is done. */
async function thoughtOfTrace(queue: JobQueue, job: Job, signal: AbortSignal): Promise<string> {
  const events: TraceEvent[] = [];
  for await (const line of queue.events(job.id, { stream: 'trace', follow: false, signal })) {
    events.push(TraceEvent.parse(line.data));
  }
  return winningThought(traceSteps(events, { trace: 'full', feedback: false, admin: false }));
}
