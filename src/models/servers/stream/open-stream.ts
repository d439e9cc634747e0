import { type Delta, readDelta } from '../client/delta.ts';
import type { Gate } from '../client/gate.ts';
import { toServiceError, UpstreamRefused, unavailable } from '../client/upstream-error.ts';
import type { AdmittedContext, Tally } from '../thinking/sample-context.ts';
import { type GoOn, startsFor } from './continuation.ts';
import type { LearnedOpening, Opening } from './delta-splitter.ts';
import { streamTolerantly } from './refusals.ts';
import { buildRequest, type Start } from './request-body.ts';

/** A stream that has begun: how its text starts, who is told what a held text was, and its chunks. */
export type OpenStream = {
  opening: Opening;
  learn(opening: LearnedOpening): void;
  deltas: AsyncGenerator<Delta, void, void>;
};

export type OpenOptions = { sample: number; maxTokens: number; answerOnly: boolean; signal: AbortSignal; tally: Tally };

/** A new turn, with thoughts or without. */
export function openTurn(
  context: AdmittedContext,
  start: Omit<Extract<Start, { form: 'turn' }>, 'form'>,
  options: OpenOptions,
): Promise<OpenStream> {
  return attempt(context, [{ form: 'turn', ...start }], options, () => context.openings.of(context, start.thinking));
}

/** Goes on with what there is, by the best way that the server takes. */
export function openContinuation(context: AdmittedContext, goOn: GoOn, options: OpenOptions): Promise<OpenStream> {
  const openingOf = async (start: Start): Promise<Opening> => {
    if (goOn.at === 'thought') return 'inside';
    // A model whose thought was closed before it began may open another.
    if (start.form === 'raw' && start.showsTags) return 'tagged';
    if (start.form === 'raw' || start.form === 'final-message') return 'closed';
    return context.openings.of(context, false);
  };
  return attempt(context, startsFor(context, goOn), options, openingOf);
}

async function attempt(
  context: AdmittedContext,
  starts: Iterable<Start> | AsyncIterable<Start>,
  options: OpenOptions,
  openingOf: (start: Start) => Promise<Opening>,
): Promise<OpenStream> {
  const { client, refusals, config, request } = context;
  let refused: UpstreamRefused | undefined;
  for await (const start of starts) {
    const opening = await openingOf(start);
    const learn = (learned: LearnedOpening) => context.openings.learn(start.form === 'turn' && start.thinking, learned);
    const upstream = buildRequest({ ...context, ...options, start });
    const chunks = streamTolerantly(client, upstream, refusals, {
      signal: options.signal,
      refused: context.place.refused,
    });
    try {
      // The first chunk shows whether this way is taken.
      const first = await chunks.next();
      const all = read(first.done ? undefined : readDelta(first.value), chunks, context.gate, options.tally);
      const begun = start.form === 'final-message' ? start.content : '';
      const deltas = begun === '' ? all : withoutEcho(all, begun);
      return { opening, learn, deltas };
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

/**
 * Some servers say a begun message again before they go on with it (llama.cpp, unless it is told to continue): all of it
 * and the first token come as one chunk. A digit or two may be said again by the model itself.
 */
async function* withoutEcho(deltas: OpenStream['deltas'], begun: string): OpenStream['deltas'] {
  let first = /\p{L}{2}|.{4}/su.test(begun.trim());
  for await (const delta of deltas) {
    const echoed = first && delta.content.startsWith(begun);
    if (delta.content !== '' || delta.reasoning !== '') first = false;
    yield echoed ? { ...delta, content: delta.content.slice(begun.length) } : delta;
  }
}

async function* read(
  first: Delta | undefined,
  rest: AsyncGenerator<Parameters<typeof readDelta>[0], void, void>,
  gate: Gate,
  tally: Tally,
): AsyncGenerator<Delta, void, void> {
  const fromPrompt = tally.inputTokens === undefined;
  let ended: (() => void) | undefined;
  const note = (delta: Delta) => {
    if (ended === undefined && (delta.reasoning !== '' || delta.content !== '')) ended = gate.streaming();
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
    ended?.();
    await rest.return();
  }
}
