import { z } from 'zod';
import { createEventChannel } from '../core/event-channel.ts';
import {
  type GenerateOptions,
  type GenerateRequest,
  type LanguageModel,
  type MadeCall,
  type ModelEvent,
  mayCallTools,
  type SampleUsage,
  type ServerCall,
} from '../core/language-model.ts';
import { reserveOf, shareOfSample, tokenMargins } from '../core/token-ledger.ts';
import { createCaller, interruptedCall, type ServerTools } from './call-tools.ts';
import { fitPrompt, promptBehind } from './turns.ts';

type Finish = Extract<ModelEvent, { type: 'finish' }>;
type Call = Extract<ModelEvent, { type: 'tool-call' }>;

/** One sample, from its first turn to the answer. */
type Chain = {
  sample: number;
  /** In the order in which they were made; those of earlier attempts come first. */
  made: MadeCall[];
  caller: ReturnType<typeof createCaller>;
  turn: number;
  /** Sampled and fed tokens of the turns that have ended in a call; what their calls took beyond the thinking budget is `answer`. */
  spent: { thinking: number; forced: number; answer: number };
  /** Tokens of the first turn's prompt; undefined until it has ended. */
  first: Pick<SampleUsage, 'inputTokens' | 'cachedTokens'> | undefined;
  /** Tokens behind the prompt's beginning at the end of the last turn. */
  length: number;
  toolTokens: number;
};

/**
 * A model whose chains call the tools of the service: where a turn ends in such calls, they are made, their results are added to
 * the prompt, and the chain goes on within the rest of its thinking budget, at most `mostCalls` times. Whoever reads its events
 * sees one sample, with `tool-start` and `tool-result` in it. Calls of other tools end the sample, as ever.
 *
 * Text before a call belongs to the thought, and only the end of a turn tells that there is none; so while a chain may still
 * call, its answer comes in one piece. Each chain has an equal share of the thinking budget.
 */
export function withTools(
  model: LanguageModel,
  {
    tools,
    mostCalls,
    newId,
    onlyThinking = false,
  }: {
    tools: ServerTools;
    mostCalls: number;
    newId: () => string;
    /** A sample that answers at once makes no call. */
    onlyThinking?: boolean;
  },
): LanguageModel {
  const isOwn = (name: string): boolean => tools.find(name)?.needsApproval === false;

  async function* generate(request: GenerateRequest, options: GenerateOptions): AsyncGenerator<ModelEvent> {
    const { made = [], ...asked } = request;
    if (!mayCallTools(asked) || !asked.prompt.tools?.some(({ name }) => isOwn(name))) {
      yield* model.generate(asked, options);
      return;
    }
    if (onlyThinking && asked.thinking === undefined) {
      yield* model.generate({ ...asked, answer: { ...asked.answer, toolCalls: 'none' } }, options);
      return;
    }
    const stop = new AbortController();
    const signal = AbortSignal.any([options.signal, stop.signal]);
    const channel = createEventChannel<{ event: ModelEvent; taken(): void }>();
    /** Resolves once the reader has dealt with it and asks for the next. */
    const emit = (event: ModelEvent) =>
      new Promise<void>((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const leave = () => reject(signal.reason);
        signal.addEventListener('abort', leave, { once: true });
        channel.push({
          event,
          taken() {
            signal.removeEventListener('abort', leave);
            resolve();
          },
        });
      });
    const chains = Array.from({ length: asked.samples }, (_, sample): Chain => {
      const earlier = [...(made[sample] ?? [])];
      return {
        sample,
        made: earlier,
        caller: createCaller(tools, earlier),
        turn: (earlier.at(-1)?.turn ?? -1) + 1,
        spent: { thinking: 0, forced: 0, answer: 0 },
        first: undefined,
        length: 0,
        toolTokens: 0,
      };
    });
    const run = createRun({ model, request: asked, options: { ...options, signal }, isOwn, mostCalls, newId, emit });
    const fresh = chains.filter((chain) => chain.made.length === 0);
    const work = Promise.all([
      ...(fresh.length > 0 ? [run.begin(fresh)] : []),
      ...chains.filter((chain) => chain.made.length > 0).map((chain) => run.resume(chain)),
    ]);
    work.then(
      () => channel.end(),
      (error: unknown) => channel.fail(error),
    );
    try {
      for await (const { event, taken } of channel.read()) {
        yield event;
        taken();
      }
    } finally {
      stop.abort(new Error('nobody reads it any more'));
      await work.catch(() => undefined);
      await Promise.all(chains.map(({ caller }) => caller.close()));
    }
  }

  return { ...model, generate };
}

function createRun({
  model,
  request,
  options,
  isOwn,
  mostCalls,
  newId,
  emit,
}: {
  model: LanguageModel;
  request: GenerateRequest;
  options: GenerateOptions;
  isOwn(name: string): boolean;
  mostCalls: number;
  newId: () => string;
  emit(event: ModelEvent): Promise<void>;
}) {
  const { thinking } = request;
  const { signal, answerNow } = options;
  const share = thinking === undefined ? 0 : shareOfSample(thinking, request.samples);

  const left = (chain: Chain): number => share - chain.spent.thinking;
  const mayCall = (chain: Chain): boolean =>
    chain.made.length < mostCalls && answerNow?.aborted !== true && (thinking === undefined || left(chain) > 0);

  /** Runs one turn of these chains, which have the same prompt, and what follows from it for each. */
  async function turn(chains: readonly Chain[], asked: GenerateRequest): Promise<void> {
    const calls = mayCallTools(asked);
    const held: ModelEvent[][] = chains.map(() => []);
    const said = chains.map(() => ({ thought: '', text: '' }));
    const following: Promise<void>[] = [];
    // What `onStopped` would tell is of one turn alone: the reader then takes it that all of the budget was used.
    for await (const event of model.generate(
      { ...asked, samples: chains.length },
      { signal, ...(answerNow && { answerNow }) },
    )) {
      const [chain, waiting, own] = [chains[event.sample], held[event.sample], said[event.sample]];
      if (chain === undefined || waiting === undefined || own === undefined) continue;
      const { sample } = chain;
      switch (event.type) {
        case 'thinking-delta':
          own.thought += event.text;
          await emit({ ...event, sample });
          break;
        case 'answer-delta':
          own.text += event.text;
          if (calls) waiting.push({ ...event, sample });
          else await emit({ ...event, sample });
          break;
        case 'thinking-end':
          if (calls) waiting.push({ ...event, sample });
          else await emit({ ...event, sample });
          break;
        case 'finish':
          following.push(endTurn(chain, { finish: event, held: waiting, said: own }));
          // It may fail while the other chains are still read; whoever awaits all of them hears of it.
          following.at(-1)?.catch(() => undefined);
          break;
        default:
          waiting.push({ ...event, sample });
      }
    }
    await Promise.all(following);
  }

  async function endTurn(
    chain: Chain,
    { finish, held, said }: { finish: Finish; held: readonly ModelEvent[]; said: { thought: string; text: string } },
  ): Promise<void> {
    const { usage } = finish;
    chain.toolTokens += chain.first === undefined ? 0 : Math.max(0, usage.inputTokens - chain.length);
    chain.first ??= { inputTokens: usage.inputTokens, cachedTokens: usage.cachedTokens };
    chain.length = usage.inputTokens + usage.thinkingTokens + usage.forcedTokens + usage.answerTokens;
    const called = held.filter((event): event is Call => event.type === 'tool-call');
    const written = called.length === 0 && mayCall(chain) ? writtenCall(said.text, isOwn) : undefined;
    const all: Call[] = written === undefined ? called : [{ type: 'tool-call', sample: chain.sample, ...written }];
    const own = mayCall(chain) ? all.filter(({ name }) => isOwn(name)) : [];
    if (own.length === 0) return end(chain, finish, held);
    // The call is a thought too, as far as the budget goes.
    const asThought = thinking === undefined ? 0 : Math.min(usage.answerTokens, left(chain) - usage.thinkingTokens);
    chain.spent.thinking += usage.thinkingTokens + asThought;
    chain.spent.forced += usage.forcedTokens;
    chain.spent.answer += usage.answerTokens - asThought;
    const text = written === undefined ? said.text.trim() : '';
    if (thinking !== undefined && text !== '') await emit(inserted(chain.sample, `${gap(said.thought)}${text}`));
    const turnNumber = chain.turn;
    chain.turn += 1;
    for (const [index, call] of own.slice(0, mostCalls - chain.made.length).entries()) {
      const isFirst = index === 0;
      await make(chain, {
        id: newId(),
        name: call.name,
        arguments: call.arguments,
        turn: turnNumber,
        thought: isFirst ? said.thought : '',
        text: isFirst ? text : '',
      });
    }
    const others = all.filter((event) => !own.includes(event));
    // The client's calls are answered by the client, and the chain ends with them.
    if (others.length > 0)
      return end(
        chain,
        { ...finish, usage: { ...usage, thinkingTokens: 0, forcedTokens: 0, answerTokens: 0 } },
        others,
      );
    if (thinking !== undefined) await emit(inserted(chain.sample, '\n\n'));
    await goOn(chain);
  }

  async function make(chain: Chain, call: ServerCall): Promise<void> {
    const usage = chainUsage(chain);
    await emit({ type: 'tool-start', sample: chain.sample, call, usage });
    const result = await chain.caller.call(call, { signal });
    const { output, isError } = result;
    chain.made.push({ ...call, result: { output, isError } });
    await emit({ type: 'tool-result', sample: chain.sample, call, ...result, usage });
  }

  /** The next turn, behind the calls that were made. */
  async function goOn(chain: Chain): Promise<void> {
    const { prefix: _used, ended: _over, ...given } = thinking ?? { budgetTokens: 0 };
    const thinks = thinking !== undefined && left(chain) > 0;
    const maxTokens = Math.max(1, request.answer.maxTokens - chain.spent.answer);
    const seed = request.sampling.seed;
    const prompt = await fitPrompt(model, promptBehind(request.prompt, chain.made), {
      reserve:
        Math.min(maxTokens, reserveOf(request.answer)) +
        (thinks ? Math.min(left(chain), tokenMargins.thoughtAfterCall) : 0),
      thinking: thinks,
    });
    const { thinking: _thinking, ...rest } = request;
    await turn([chain], {
      ...rest,
      prompt,
      samples: 1,
      answer: { ...request.answer, maxTokens, ...(mayCall(chain) ? {} : { toolCalls: 'none' }) },
      // Chains draw from streams of their own, and so does each turn.
      sampling: { ...request.sampling, ...(seed === undefined ? {} : { seed: streamOf(seed, chain) }) },
      ...(thinks && {
        thinking: {
          ...given,
          budgetTokens: left(chain),
          perSampleTokens: left(chain),
          ...(given.minimumTokens !== undefined && {
            minimumTokens: Math.max(0, given.minimumTokens - chain.spent.thinking),
          }),
          ...(given.computeTokens !== undefined && {
            computeTokens: Math.max(0, given.computeTokens - chain.spent.forced),
          }),
        },
      }),
    });
  }

  /** The sample's last events, its usage that of all its turns. */
  async function end(chain: Chain, finish: Finish, held: readonly ModelEvent[]): Promise<void> {
    // Other chains may wait for its sandbox's place.
    await chain.caller.close();
    for (const event of held) if (event.type !== 'tool-call' || !isOwn(event.name)) await emit(event);
    const { usage } = finish;
    const { thinking: thought, forced, answer } = chain.spent;
    await emit({
      ...finish,
      sample: chain.sample,
      usage: {
        ...(chain.first ?? usage),
        thinkingTokens: thought + usage.thinkingTokens,
        forcedTokens: forced + usage.forcedTokens,
        answerTokens: answer + usage.answerTokens,
        ...(chain.toolTokens > 0 && { toolTokens: chain.toolTokens }),
      },
    });
  }

  return {
    begin(chains: readonly Chain[]): Promise<void> {
      const budget =
        thinking === undefined
          ? {}
          : { thinking: { ...thinking, budgetTokens: share * chains.length, perSampleTokens: share } };
      const calls = mostCalls > 0 ? {} : { toolCalls: 'none' as const };
      return turn(chains, { ...request, ...budget, answer: { ...request.answer, ...calls } });
    },
    /** Goes on from an earlier attempt's calls; one that was under way is repeated where it is safe. */
    async resume(chain: Chain): Promise<void> {
      for (const [index, call] of chain.made.entries()) {
        if (call.result !== undefined) continue;
        const usage = chainUsage(chain);
        const repeats = chain.caller.mayRepeat(call);
        if (repeats) await emit({ type: 'tool-start', sample: chain.sample, call, usage });
        const result = repeats ? await chain.caller.call(call, { signal }) : interruptedCall;
        const { output, isError } = result;
        chain.made[index] = { ...call, result: { output, isError } };
        await emit({ type: 'tool-result', sample: chain.sample, call, ...result, usage });
      }
      await goOn(chain);
    },
  };
}

const WrittenCall = z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()) });

/** Small models write a call as JSON, in a fence or in tags, instead of in their own format: then it is all of the answer. */
function writtenCall(text: string, isOwn: (name: string) => boolean): Pick<Call, 'name' | 'arguments'> | undefined {
  const json = /^\s*(?:```\w*|<tool_call>)?\s*(\{[\s\S]*\})\s*(?:```|<\/tool_call>)?\s*$/.exec(text)?.[1];
  if (json === undefined) return undefined;
  try {
    const call = WrittenCall.safeParse(JSON.parse(json)).data;
    return call !== undefined && isOwn(call.name)
      ? { name: call.name, arguments: JSON.stringify(call.arguments) }
      : undefined;
  } catch {
    return undefined;
  }
}

function chainUsage({ spent }: Chain) {
  return { thinkingTokens: spent.thinking, forcedTokens: spent.forced, answerTokens: spent.answer };
}

function inserted(sample: number, text: string): ModelEvent {
  return { type: 'thinking-delta', sample, text, tokenIds: [], logprobs: [], forced: true };
}

function gap(thought: string): string {
  return thought === '' || thought.endsWith('\n') ? '' : '\n\n';
}

function streamOf(seed: number, { sample, turn }: Chain): number {
  return (seed + Math.imul(sample * 1_024 + turn, 0x9e3779b1)) >>> 1;
}
