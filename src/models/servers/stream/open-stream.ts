import { isTextOnly } from '../../../contracts/responses/prompt.ts';
import type { ModelFamily } from '../../families/family.ts';
import { toServiceError, UpstreamRefused, unavailable } from '../client/upstream-error.ts';
import { type Delta, readDelta } from '../client/wire.ts';
import type { AdmittedContext, SampleContext, Tally } from '../thinking/sample-context.ts';
import type { LearnedReasoningStart, ReasoningStart } from './delta-splitter.ts';
import { extend } from './raw-prompt.ts';
import { streamTolerantly, unlessRefused } from './refusals.ts';
import { buildRequest, type Start } from './request-body.ts';

/**
 * Where a sample is continued: within an open thought, or after a closed one in the answer. `prefilled`: the model has ignored that
 * it was asked to stop, so the closed thought is put into its mouth, whatever is known of the server. `computes`: the thought
 * stops for computed values, so the dialect's own route is used, which says more of a stop.
 */
export type ContinuationPoint =
  | { at: 'thought'; thoughts: string; computes?: boolean }
  | { at: 'answer'; thoughts: string; answer: string; prefilled?: true }
  /** The fast form: no thought at all. Without a partial answer, the thought is closed before it can be opened. */
  | { at: 'fast'; answer: string };

/**
 * The starts by which this server can continue there, best first. With tools the chat route comes first, since the server
 * reads the tool calls there. A new turn can continue neither an open thought nor a partial answer.
 */
async function* startsFor(context: SampleContext, point: ContinuationPoint): AsyncGenerator<Start, void, void> {
  const { dialect, family, refusals, request } = context;
  if (request.prompt.raw) {
    const prompt = await rendered(context, point);
    if (prompt !== undefined) yield { form: 'raw', prompt, showsTags: point.at === 'fast' };
    return;
  }
  if (point.at === 'answer' && point.prefilled) {
    yield { form: 'final-message', content: messageText(family, point), closed: true };
    return;
  }
  const open = point.at === 'thought' || point.answer !== '';
  const fresh = point.at === 'fast' && !open;
  // Raw text has no place for images, and tool calls are read on the chat route alone.
  for (const way of dialect.continuations) {
    if (refusals.has(way) || (way === 'raw' && !isTextOnly(request.prompt)) || (way === 'final-message' && fresh))
      continue;
    if (way === 'raw') {
      const prompt = await rendered(context, point);
      const start = { form: 'raw' as const, showsTags: point.at === 'thought' || fresh };
      const own =
        point.at === 'thought' &&
        point.computes &&
        dialect.ownCompletions !== undefined &&
        !refusals.has('/completion');
      if (prompt !== undefined && own) yield { ...start, prompt, own };
      if (prompt !== undefined) yield { ...start, prompt };
    } else if (way === 'final-message') {
      yield { form: 'final-message', content: messageText(family, point), closed: point.at !== 'thought' };
    } else if (!open && point.at === 'answer') {
      yield { form: 'answer-turn', thoughts: point.thoughts };
    } else if (!open) {
      yield { form: 'turn', thinking: false };
    }
  }
  // A partial answer must not be started again: nearly every server continues a last assistant message.
  if (point.at !== 'thought' && point.answer !== '' && !dialect.continuations.includes('final-message')) {
    yield { form: 'final-message', content: point.answer, closed: true };
  }
}

/** The server's rendering with our text after it; undefined where the server doesn't render (any more). */
function rendered(context: SampleContext, point: ContinuationPoint) {
  const { client, config, dialect, family, refusals, signal } = context;
  return unlessRefused(refusals, async () => {
    const prompt = await context.render({ thinking: point.at !== 'fast' });
    const text =
      point.at === 'thought' ? point.thoughts : point.at === 'fast' ? point.answer : closedText(family, point);
    return extend({ client, dialect, family, model: config.model, signal }, prompt, text);
  });
}

/** Thoughts, the close tag (or marker), what stands before an answer, the answer so far. The template writes the opening tag. */
function closedText(family: ModelFamily, { thoughts, answer }: { thoughts: string; answer: string }): string {
  return `${thoughts}${family.tags?.close ?? family.answerMarker ?? ''}${family.afterThought}${answer}`;
}

function messageText(family: ModelFamily, point: ContinuationPoint): string {
  const open = family.promptSuffix.on;
  switch (point.at) {
    case 'thought':
      return open + point.thoughts;
    case 'answer':
      return open + closedText(family, point);
    case 'fast':
      return family.promptSuffix.off + point.answer;
    default:
      return point satisfies never;
  }
}

/** An open stream: how its text starts, what learns how a buffered text turned out, and its chunks. */
export type OpenStream = {
  reasoningStart: ReasoningStart;
  learn(reasoningStart: LearnedReasoningStart): void;
  deltas: AsyncGenerator<Delta, void, void>;
};

type OpenOptions = {
  sample: number;
  maxTokens: number;
  answerOnly: boolean;
  signal: AbortSignal;
  tally: Tally;
  stops?: readonly string[];
  call?: number;
};

/** A new turn, with thoughts or without. */
export function openTurn(
  context: AdmittedContext,
  start: Omit<Extract<Start, { form: 'turn' }>, 'form'>,
  options: OpenOptions,
): Promise<OpenStream> {
  return attempt(context, [{ form: 'turn', ...start }], options, () =>
    context.reasoningStarts.of(context, start.thinking),
  );
}

/** Goes on with what there is, by the best way that the server takes. */
export function openContinuation(
  context: AdmittedContext,
  point: ContinuationPoint,
  options: OpenOptions,
): Promise<OpenStream> {
  const startOf = async (start: Start): Promise<ReasoningStart> => {
    if (point.at === 'thought') return 'inside';
    // A model whose thought was closed before it began may open another.
    if (start.form === 'raw' && start.showsTags) return 'tagged';
    if (start.form === 'raw' || start.form === 'final-message') return 'closed';
    return context.reasoningStarts.of(context, false);
  };
  return attempt(context, startsFor(context, point), options, startOf);
}

async function attempt(
  context: AdmittedContext,
  starts: Iterable<Start> | AsyncIterable<Start>,
  options: OpenOptions,
  startOf: (start: Start) => Promise<ReasoningStart>,
): Promise<OpenStream> {
  const { client, refusals, config, request } = context;
  let refused: UpstreamRefused | undefined;
  for await (const start of starts) {
    const reasoningStart = await startOf(start);
    const learn = (learned: LearnedReasoningStart) =>
      context.reasoningStarts.learn(start.form === 'turn' && start.thinking, learned);
    const upstream = buildRequest({ ...context, ...options, start, slot: context.slots.of(options.tally) });
    await context.place.hold({ signal: options.signal });
    const chunks = streamTolerantly(client, upstream, refusals, {
      signal: options.signal,
      refused: context.place.refused,
    });
    try {
      // The first chunk shows whether this way is taken.
      const first = await chunks.next();
      const all = read(context, first.done ? undefined : readDelta(first.value), chunks, options.tally);
      const begun = start.form === 'final-message' ? start.content : '';
      const deltas = begun === '' ? all : withoutEcho(all, begun);
      return { reasoningStart, learn, deltas };
    } catch (error) {
      if (!(error instanceof UpstreamRefused)) throw error;
      refused = error;
      if (start.form === 'raw' || start.form === 'final-message') {
        const constrained = options.answerOnly && request.answer.constraint !== undefined;
        const service = toServiceError(error, config.id, constrained);
        if (service.code === 'context_length_exceeded' || service.code === 'unsupported_constraint') throw service;
        refusals.addWay(start.form === 'raw' && start.own ? '/completion' : start.form, error);
      }
    }
  }
  if (refused === undefined) throw unavailable(config.id, 'cannot continue a partial text', { retryable: false });
  throw toServiceError(refused, config.id, options.answerOnly && request.answer.constraint !== undefined);
}

/**
 * Some servers repeat a partial message before they continue it (llama.cpp, unless it is asked to continue): all of it
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
  { semaphore, slots }: Pick<SampleContext, 'semaphore' | 'slots'>,
  first: Delta | undefined,
  rest: AsyncGenerator<Parameters<typeof readDelta>[0], void, void>,
  tally: Tally,
): AsyncGenerator<Delta, void, void> {
  const fromPrompt = tally.inputTokens === undefined;
  let ended: (() => void) | undefined;
  const note = (delta: Delta) => {
    if (ended === undefined && (delta.reasoning !== '' || delta.content !== '')) ended = semaphore.streaming();
    if (delta.slot !== undefined) slots.took(delta.slot, tally);
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
