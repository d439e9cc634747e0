import { createEventChannel } from '../core/event-channel.ts';
import {
  type GenerateOptions,
  type GenerateRequest,
  type LanguageModel,
  type ModelEvent,
  mayCallTools,
} from '../core/language-model.ts';
import type { ServerTools } from './call-tools.ts';
import { beginChains, type ChainRun, openChains, resumeChain } from './chain-turns.ts';

type ToolLoop = {
  tools: ServerTools;
  mostCalls: number;
  newId: () => string;
  /** A sample that answers at once makes no call. */
  onlyThinking?: boolean;
};

/**
 * A model whose chains call the tools of the service: where a turn ends in such calls, they are made, their results are added to
 * the prompt, and the chain goes on within the rest of its thinking budget, at most `mostCalls` times. Whoever reads its events
 * sees one sample, with `tool-start` and `tool-result` in it. Calls of other tools end the sample, as ever.
 *
 * Text before a call belongs to the thought, and only the end of a turn tells that there is none; so while a chain may still
 * call, its answer comes in one piece. Each chain has an equal share of the thinking budget.
 */
export function withTools(model: LanguageModel, loop: ToolLoop): LanguageModel {
  const isOwn = (name: string): boolean => loop.tools.find(name)?.needsApproval === false;
  return {
    ...model,
    async *generate({ made = [], ...request }, options) {
      if (!mayCallTools(request) || !request.prompt.tools?.some(({ name }) => isOwn(name))) {
        yield* model.generate(request, options);
      } else if (loop.onlyThinking && request.thinking === undefined) {
        yield* model.generate({ ...request, answer: { ...request.answer, toolCalls: 'none' } }, options);
      } else {
        yield* generateWithCalls({ model, loop, isOwn }, { ...request, made }, options);
      }
    },
  };
}

async function* generateWithCalls(
  { model, loop, isOwn }: { model: LanguageModel; loop: ToolLoop; isOwn: ChainRun['isOwn'] },
  { made, ...request }: GenerateRequest,
  options: GenerateOptions,
): AsyncGenerator<ModelEvent> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const events = createTakenEvents(signal);
  const chains = openChains(loop.tools, { samples: request.samples, made: made ?? [] });
  const { mostCalls, newId } = loop;
  const run: ChainRun = { model, request, options: { ...options, signal }, isOwn, mostCalls, newId, emit: events.emit };
  const fresh = chains.filter((chain) => chain.made.length === 0);
  const work = Promise.all([
    ...(fresh.length > 0 ? [beginChains(run, fresh)] : []),
    ...chains.filter((chain) => chain.made.length > 0).map((chain) => resumeChain(run, chain)),
  ]);
  work.then(events.end, events.fail);
  try {
    yield* events.read();
  } finally {
    stop.abort(new Error('nobody reads it any more'));
    await work.catch(() => undefined);
    await Promise.all(chains.map(({ caller }) => caller.close()));
  }
}

/** Events whose sender waits for each until the reader has dealt with it. */
function createTakenEvents(signal: AbortSignal) {
  const channel = createEventChannel<{ event: ModelEvent; taken(): void }>();
  /** Of the chains whose event is not taken yet. */
  const waiting = new Set<(reason: unknown) => void>();
  signal.addEventListener('abort', () => {
    for (const leave of waiting) leave(signal.reason);
  });
  return {
    /** Resolves once the reader asks for the next event. @throws the reason of `signal` */
    emit: (event: ModelEvent) =>
      new Promise<void>((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        waiting.add(reject);
        channel.push({
          event,
          taken() {
            waiting.delete(reject);
            resolve();
          },
        });
      }),
    end: () => channel.end(),
    fail: (error: unknown) => channel.fail(error),
    async *read(): AsyncGenerator<ModelEvent> {
      for await (const { event, taken } of channel.read()) {
        yield event;
        taken();
      }
    },
  };
}
