import { type GoOn, startsFor } from './continuation.ts';
import { type Delta, readDelta } from './delta.ts';
import type { Opening } from './delta-splitter.ts';
import { streamTolerantly } from './refusals.ts';
import { buildRequest, type Start } from './request-body.ts';
import type { SampleContext, Tally } from './sample-context.ts';
import { toServiceError, UpstreamRefused, unavailable } from './upstream-error.ts';

/** A stream that has begun: how its text starts, and its chunks. */
export type OpenStream = { opening: Opening; deltas: AsyncGenerator<Delta, void, void> };

export type OpenOptions = { sample: number; maxTokens: number; answerOnly: boolean; signal: AbortSignal; tally: Tally };

/** A new turn, with thoughts or without. */
export function openTurn(
  context: SampleContext,
  start: { thinking: boolean; budgetTokens?: number },
  options: OpenOptions,
): Promise<OpenStream> {
  const inside = start.thinking && context.config.thoughtOpenedByTemplate;
  // Without think tags to look for, a text that wasn't asked for thoughts is the answer.
  const closed = !start.thinking && context.family.tags === undefined;
  return attempt(context, [{ form: 'turn', ...start }], options, () =>
    inside ? 'inside' : closed ? 'closed' : 'unknown',
  );
}

/** Goes on with what there is, by the best way that the server takes. */
export function openContinuation(context: SampleContext, goOn: GoOn, options: OpenOptions): Promise<OpenStream> {
  const openingOf = (start: Start): Opening => {
    if (goOn.at === 'thought') return 'inside';
    if (start.form === 'raw' || start.form === 'final-message' || context.family.tags === undefined) return 'closed';
    return 'unknown';
  };
  return attempt(context, startsFor(context, goOn), options, openingOf);
}

async function attempt(
  context: SampleContext,
  starts: Iterable<Start> | AsyncIterable<Start>,
  options: OpenOptions,
  openingOf: (start: Start) => Opening,
): Promise<OpenStream> {
  const { client, refusals, config, request } = context;
  let refused: UpstreamRefused | undefined;
  for await (const start of starts) {
    const upstream = buildRequest({ ...context, ...options, start });
    const chunks = streamTolerantly(client, upstream, refusals, { signal: options.signal });
    try {
      // The first chunk shows whether this way is taken.
      const first = await chunks.next();
      const deltas = read(first.done ? undefined : readDelta(first.value), chunks, options.tally);
      return { opening: openingOf(start), deltas };
    } catch (error) {
      if (!(error instanceof UpstreamRefused)) throw error;
      refused = error;
      if (start.form === 'raw' || start.form === 'final-message') {
        const constrained = options.answerOnly && request.answer.constraint !== undefined;
        const service = toServiceError(error, config.id, constrained);
        if (service.code === 'context_length_exceeded' || service.code === 'unsupported_constraint') throw service;
        refusals.addWay(start.form, error);
      }
    }
  }
  if (refused === undefined)
    throw unavailable(config.id, 'has no way to go on with a begun text', { retryable: false });
  throw toServiceError(refused, config.id, options.answerOnly && request.answer.constraint !== undefined);
}

async function* read(
  first: Delta | undefined,
  rest: AsyncGenerator<Parameters<typeof readDelta>[0], void, void>,
  tally: Tally,
): AsyncGenerator<Delta, void, void> {
  const fromPrompt = tally.inputTokens === undefined;
  const note = (delta: Delta) => {
    // Later requests of a sample hold its own thoughts as well; the first one has the prompt alone.
    if (fromPrompt && delta.promptTokens !== undefined) {
      tally.inputTokens = Math.max(0, delta.promptTokens - tally.fedInPrompt);
      tally.cachedTokens = delta.cachedTokens ?? 0;
    }
    return delta;
  };
  try {
    if (first !== undefined) yield note(first);
    for await (const chunk of rest) yield note(readDelta(chunk));
  } finally {
    await rest.return();
  }
}
