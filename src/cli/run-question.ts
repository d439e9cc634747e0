import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { CreateResponse } from '../contracts/responses/create-response.ts';
import type { Progress } from '../contracts/responses/reasoning.ts';
import { Response } from '../contracts/responses/response.ts';
import { TraceEvent, type TraceStep } from '../contracts/responses/trace.ts';
import { waitAtMost } from '../core/deadlines.ts';
import { CliError, exitCodes } from './cli-error.ts';
import type { ServiceClient } from './service-client.ts';

/** The part of a response that is shown. */
export const Answered = Response.pick({
  id: true,
  status: true,
  model: true,
  output_text: true,
  output: true,
  error: true,
  incomplete_details: true,
  reasoning: true,
  usage: true,
  thinking_stop: true,
  answer_source: true,
  verdict: true,
  progress: true,
  warnings: true,
});
export type Answered = z.infer<typeof Answered>;

/** What a question shows while it runs. */
export type QuestionView = {
  /** Its progress is drawn as it moves, so it is asked for between the steps as well. */
  moves: boolean;
  begun(response: Answered): void;
  progress(progress: Progress): void;
  /** Each step once it is done. */
  step(step: TraceStep): void;
  /** A piece of the settled answer. */
  delta(text: string): void;
  /** Every event of the wire, as it came. */
  event(event: Record<string, unknown>): void;
  /** The key may not see steps. */
  traceDenied(message: string): void;
  /** Ctrl-C did this. */
  interrupted(what: 'answer-now' | 'not-thinking-yet' | 'cancel' | 'not-cancelled'): void;
};

const RawEvent = z.looseObject({ type: z.string(), sequence_number: z.int().nonnegative() });
const WireEvent = z.union([
  z.object({ type: z.literal('response.output_text.delta'), delta: z.string() }),
  z.object({
    type: z.enum(['response.completed', 'response.incomplete', 'response.failed']),
    response: Answered,
  }),
  z.object({ type: z.string() }),
]);

/** ms between looks at a response: whose trace may not be followed, and whose progress is drawn. */
const lookEvery = 700;
const lookEveryMoving = 250;
const resumeAttempts = 5;

/**
 * Asks in the background, follows answer and trace, and gives the response as it ended. The first Ctrl-C ends the thinking,
 * the second cancels.
 * @throws CliError
 */
export async function runQuestion(
  client: ServiceClient,
  request: CreateResponse,
  options: { view: QuestionView; onInterrupt: (handler: () => void) => () => void },
): Promise<Answered> {
  const { view } = options;
  const response = await client.call(Answered, '/v1/responses', { body: { ...request, background: true } });
  view.begun(response);
  const ended = new AbortController();
  const release = options.onInterrupt(interrupter(client, response.id, view));
  const following = followTrace(client, response.id, view, ended.signal);
  try {
    const end = await followAnswer(client, response.id, view);
    // The last steps are written before the answer ends; what still hangs is not waited for.
    await waitAtMost(following, 1_000);
    return end;
  } finally {
    release();
    ended.abort();
    await following;
  }
}

function interrupter(client: ServiceClient, id: string, view: QuestionView): () => void {
  let times = 0;
  return () => {
    times += 1;
    if (times > 2) process.exit(exitCodes.interrupted);
    const first = times === 1;
    const path = `/v1/responses/${id}/${first ? 'answer_now' : 'cancel'}`;
    client.call(z.unknown(), path, { method: 'POST' }).then(
      () => view.interrupted(first ? 'answer-now' : 'cancel'),
      () => view.interrupted(first ? 'not-thinking-yet' : 'not-cancelled'),
    );
  };
}

/** A lost connection is taken up again where it broke off. */
async function followAnswer(client: ServiceClient, id: string, view: QuestionView): Promise<Answered> {
  let last: number | undefined;
  for (let attempt = 0; attempt < resumeAttempts; attempt += 1) {
    const from = last === undefined ? '' : `&starting_after=${last}`;
    try {
      for await (const raw of client.events(RawEvent, `/v1/responses/${id}?stream=true${from}`)) {
        last = raw.sequence_number;
        attempt = 0;
        view.event(raw);
        const event = WireEvent.parse(raw);
        if ('delta' in event) view.delta(event.delta);
        if ('response' in event) return event.response;
      }
    } catch (error) {
      if (error instanceof CliError && error.exitCode !== exitCodes.unreachable) throw error;
      if (attempt === resumeAttempts - 1) throw error;
    }
    await delay(lookEvery);
  }
  throw new CliError({
    message: `The connection to ${client.url} was lost.`,
    advice: `If the service still runs, the response continues: thinkfirst trace ${id}`,
    exitCode: exitCodes.unreachable,
  });
}

/** Steps and progress as they come; of a key that may not see the trace, the progress alone. */
async function followTrace(client: ServiceClient, id: string, view: QuestionView, signal: AbortSignal): Promise<void> {
  let latest: Progress | undefined;
  const over = new AbortController();
  const looking = lookAt(AbortSignal.any([signal, over.signal]));
  try {
    for await (const event of client.events(TraceEvent, `/v1/responses/${id}/trace?stream=true`, { signal })) {
      if (event.type === 'progress') {
        latest = event.progress;
        view.progress(latest);
      }
      if (event.type === 'trace_step.done') view.step(event.step);
    }
    over.abort();
  } catch (error) {
    // Not allowed, or over: the answer does not depend on it.
    if (error instanceof CliError && error.exitCode === exitCodes.forbidden) view.traceDenied(error.message);
  }
  await looking;

  /** Until the trace tells: the place in the queue. Then tokens alone, which the trace has only every hundred or so. */
  async function lookAt(ended: AbortSignal): Promise<void> {
    while (!ended.aborted && (view.moves || latest === undefined)) {
      const seen = await client.call(Answered, `/v1/responses/${id}`, { signal: ended }).catch(() => undefined);
      if (seen?.progress === null || ended.aborted) return;
      if (seen?.progress && latest === undefined) view.progress(seen.progress);
      else if (seen?.progress && latest && seen.progress.thinking_tokens > latest.thinking_tokens) {
        const { thinking_tokens, eta_ms } = seen.progress;
        latest = { ...latest, thinking_tokens, eta_ms };
        view.progress(latest);
      }
      await delay(view.moves ? lookEveryMoving : lookEvery, undefined, { signal: ended }).catch(() => {});
    }
  }
}
