import type { ModelFamily } from '../../families/family.ts';
import type { Gate } from '../client/concurrency.ts';
import { toServiceError, UpstreamRefused, unavailable } from '../client/upstream-error.ts';
import { type Delta, readDelta } from '../client/wire.ts';
import type { AdmittedContext, SampleContext, Tally } from '../thinking/sample-context.ts';
import type { LearnedOpening, Opening } from './delta-splitter.ts';
import { extend } from './raw-prompt.ts';
import { streamTolerantly, unlessRefused } from './refusals.ts';
import { buildRequest, type Start } from './request-body.ts';

/**
 * Where a sample goes on: within an open thought, or after a closed one in the answer. `prefilled`: the model has not heeded that
 * it was asked to stop, so the closed thought is put into its mouth, whatever is known of the server.
 */
export type GoOn =
  | { at: 'thought'; thoughts: string }
  | { at: 'answer'; thoughts: string; answer: string; prefilled?: true }
  /** The fast form: no thought at all. Where nothing is begun, the thought is closed before it can be opened. */
  | { at: 'fast'; answer: string };

/**
 * The starts by which this server can go on there, best first. With tools the chat route comes first, since the server
 * reads the tool calls there. An open thought or a begun answer can't be gone on with in a new turn.
 */
export async function* startsFor(context: SampleContext, goOn: GoOn): AsyncGenerator<Start, void, void> {
  const { dialect, family, refusals, request } = context;
  if (request.prompt.raw) {
    const prompt = await rendered(context, goOn);
    if (prompt !== undefined) yield { form: 'raw', prompt, showsTags: goOn.at === 'fast' };
    return;
  }
  const tools = (request.prompt.tools?.length ?? 0) > 0;
  // A prompt of text or ids has no place for images.
  const media = request.prompt.messages.some((message) => 'parts' in message && message.parts !== undefined);
  if (goOn.at === 'answer' && goOn.prefilled) {
    yield { form: 'final-message', content: messageText(family, goOn), closed: true };
    return;
  }
  const open = goOn.at === 'thought' || goOn.answer !== '';
  const fresh = goOn.at === 'fast' && !open;
  for (const way of dialect.continuations) {
    if (refusals.has(way) || (way === 'raw' && (tools || media)) || (way === 'final-message' && fresh)) continue;
    if (way === 'raw') {
      const prompt = await rendered(context, goOn);
      if (prompt !== undefined) yield { form: 'raw', prompt, showsTags: goOn.at === 'thought' || fresh };
    } else if (way === 'final-message') {
      yield { form: 'final-message', content: messageText(family, goOn), closed: goOn.at !== 'thought' };
    } else if (!open && goOn.at === 'answer') {
      yield { form: 'answer-turn', thoughts: goOn.thoughts };
    } else if (!open) {
      yield { form: 'turn', thinking: false };
    }
  }
  // A begun answer must not be begun again: nearly every server goes on with a last assistant message.
  if (goOn.at !== 'thought' && goOn.answer !== '' && !dialect.continuations.includes('final-message')) {
    yield { form: 'final-message', content: goOn.answer, closed: true };
  }
}

/** The server's rendering with our text after it; undefined where the server doesn't render (any more). */
function rendered(context: SampleContext, goOn: GoOn) {
  const { client, config, dialect, family, refusals, signal } = context;
  return unlessRefused(refusals, async () => {
    const prompt = await context.render({ thinking: goOn.at !== 'fast' });
    const text = goOn.at === 'thought' ? goOn.thoughts : goOn.at === 'fast' ? goOn.answer : closedText(family, goOn);
    return extend({ client, dialect, family, model: config.model, signal }, prompt, text);
  });
}

/** Thoughts, the close tag (or marker), what stands before an answer, the answer so far. The opening is the template's. */
function closedText(family: ModelFamily, { thoughts, answer }: { thoughts: string; answer: string }): string {
  return `${thoughts}${family.tags?.close ?? family.answerMarker ?? ''}${family.afterThought}${answer}`;
}

function messageText(family: ModelFamily, goOn: GoOn): string {
  const open = family.promptSuffix.on;
  switch (goOn.at) {
    case 'thought':
      return open + goOn.thoughts;
    case 'answer':
      return open + closedText(family, goOn);
    case 'fast':
      return family.promptSuffix.off + goOn.answer;
    default:
      return goOn satisfies never;
  }
}

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
