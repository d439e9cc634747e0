import { z } from 'zod';
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
import { reserveOf, shareOfSample, tokenMargins, withCallAsThought } from '../core/token-ledger.ts';
import { createCaller, interruptedCall, type ServerTools } from './call-tools.ts';
import { promptBehind, shortenResults } from './turns.ts';

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

/** What the chains of one request share. */
export type ChainRun = {
  model: LanguageModel;
  request: GenerateRequest;
  options: GenerateOptions;
  /** A tool of the service whose calls need no approval. */
  isOwn(name: string): boolean;
  mostCalls: number;
  newId: () => string;
  /** Resolves once the reader asks for the next event. */
  emit(event: ModelEvent): Promise<void>;
};

/** `made`: the calls of each chain by an attempt that died. */
export function openChains(
  tools: ServerTools,
  { samples, made }: { samples: number; made: NonNullable<GenerateRequest['made']> },
): Chain[] {
  return Array.from({ length: samples }, (_, sample) => {
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
}

/** Runs chains that have made no call yet to their ends. */
export function beginChains(run: ChainRun, chains: readonly Chain[]): Promise<void> {
  const { request, mostCalls } = run;
  const share = shareOf(run);
  const budget = request.thinking && {
    thinking: { ...request.thinking, budgetTokens: share * chains.length, perSampleTokens: share },
  };
  const calls = mostCalls > 0 ? {} : { toolCalls: 'none' as const };
  return runTurn(run, chains, { ...request, ...budget, answer: { ...request.answer, ...calls } });
}

/** Continues after an earlier attempt's calls; one that was under way is repeated if that is safe. */
export async function resumeChain(run: ChainRun, chain: Chain): Promise<void> {
  for (const [index, call] of chain.made.entries()) {
    if (call.result !== undefined) continue;
    const usage = usageOf(chain);
    const repeats = chain.caller.mayRepeat(call);
    if (repeats) await run.emit({ type: 'tool-start', sample: chain.sample, call, usage });
    const result = repeats ? await chain.caller.call(call, { signal: run.options.signal }) : interruptedCall;
    const { output, isError } = result;
    chain.made[index] = { ...call, result: { output, isError } };
    await run.emit({ type: 'tool-result', sample: chain.sample, call, ...result, usage });
  }
  await nextTurn(run, chain);
}

/** Runs one turn of these chains, which have the same prompt, and what follows from it for each. */
async function runTurn(run: ChainRun, chains: readonly Chain[], asked: GenerateRequest): Promise<void> {
  const calls = mayCallTools(asked);
  const turns = chains.map((chain): Turn => ({ chain, held: [], thought: '', text: '' }));
  const following: Promise<void>[] = [];
  const { signal, answerNow } = run.options;
  // What `onStopped` would tell is of one turn alone: the reader then takes it that all of the budget was used.
  const options = { signal, ...(answerNow && { answerNow }) };
  for await (const event of run.model.generate({ ...asked, samples: chains.length }, options)) {
    const turn = turns[event.sample];
    if (turn === undefined) continue;
    const own = { ...event, sample: turn.chain.sample };
    if (own.type === 'thinking-delta') turn.thought += own.text;
    if (own.type === 'answer-delta') turn.text += own.text;
    if (own.type === 'finish') {
      following.push(endTurn(run, turn, own));
      // It may fail while the other chains are still read; whoever awaits all of them hears of it.
      following.at(-1)?.catch(() => undefined);
    } else if (own.type === 'thinking-delta' || (!calls && isShownAtOnce(own))) await run.emit(own);
    else turn.held.push(own);
  }
  await Promise.all(following);
}

/** One turn of a chain. `held`: events that are shown only if the turn turns out to be the last. */
type Turn = { chain: Chain; held: ModelEvent[]; thought: string; text: string };

function isShownAtOnce({ type }: ModelEvent): boolean {
  return type === 'answer-delta' || type === 'thinking-end';
}

/** Makes the calls that a turn ended in and runs the next one, or ends the chain. */
async function endTurn(run: ChainRun, turn: Turn, finish: Finish): Promise<void> {
  const { chain, held } = turn;
  const { usage } = finish;
  chain.toolTokens += chain.first === undefined ? 0 : Math.max(0, usage.inputTokens - chain.length);
  chain.first ??= { inputTokens: usage.inputTokens, cachedTokens: usage.cachedTokens };
  chain.length = usage.inputTokens + usage.thinkingTokens + usage.forcedTokens + usage.answerTokens;
  const { all, own, text } = callsOf(run, turn);
  if (own.length === 0) return endChain(run, chain, { finish, held });
  spend(run, chain, usage);
  const thinks = run.request.thinking !== undefined;
  if (thinks && text !== '') await run.emit(inserted(chain.sample, `${gap(turn.thought)}${text}`));
  await makeCalls(run, chain, { calls: own, thought: turn.thought, text });
  const others = all.filter((event) => !own.includes(event));
  if (others.length > 0) {
    // The client's calls are answered by the client, and the chain ends with them.
    const counted = { ...finish, usage: { ...usage, thinkingTokens: 0, forcedTokens: 0, answerTokens: 0 } };
    return endChain(run, chain, { finish: counted, held: others });
  }
  if (thinks) await run.emit(inserted(chain.sample, '\n\n'));
  await nextTurn(run, chain);
}

/** All calls of a turn, those of them that are made here, and the text before them. */
function callsOf(run: ChainRun, { chain, held, text }: Turn): { all: Call[]; own: Call[]; text: string } {
  const called = held.filter((event): event is Call => event.type === 'tool-call');
  const may = mayCall(run, chain);
  const written = called.length === 0 && may ? writtenCall(text, run.isOwn) : undefined;
  const all: Call[] = written === undefined ? called : [{ type: 'tool-call', sample: chain.sample, ...written }];
  return {
    all,
    own: may ? all.filter(({ name }) => run.isOwn(name)) : [],
    text: written === undefined ? text.trim() : '',
  };
}

/** Counts a turn that ended in a call. */
function spend(run: ChainRun, { spent }: Chain, usage: SampleUsage): void {
  const used = withCallAsThought(usage, shareOf(run) - spent.thinking);
  spent.thinking += used.thinkingTokens;
  spent.forced += used.forcedTokens;
  spent.answer += used.answerTokens;
}

async function makeCalls(
  { mostCalls, newId, emit, options }: ChainRun,
  chain: Chain,
  { calls, thought, text }: { calls: readonly Call[]; thought: string; text: string },
): Promise<void> {
  const { sample, turn, made, caller } = chain;
  chain.turn += 1;
  for (const [index, { name, arguments: args }] of calls.slice(0, mostCalls - made.length).entries()) {
    const said = index === 0 ? { thought, text } : { thought: '', text: '' };
    const call: ServerCall = { id: newId(), name, arguments: args, turn, ...said };
    const usage = usageOf(chain);
    await emit({ type: 'tool-start', sample, call, usage });
    const result = await caller.call(call, { signal: options.signal });
    const { output, isError } = result;
    made.push({ ...call, result: { output, isError } });
    await emit({ type: 'tool-result', sample, call, ...result, usage });
  }
}

/** The next turn, behind the calls that were made. */
async function nextTurn(run: ChainRun, chain: Chain): Promise<void> {
  const { model, request } = run;
  const thinking = restOfThinking(run, chain);
  const maxTokens = Math.max(1, request.answer.maxTokens - chain.spent.answer);
  const { seed } = request.sampling;
  const afterCall = Math.min(thinking?.budgetTokens ?? 0, tokenMargins.thoughtAfterCall);
  const prompt = await shortenResults(model, promptBehind(request.prompt, chain.made), {
    reserve: Math.min(maxTokens, reserveOf(request.answer)) + afterCall,
    thinking: thinking !== undefined,
  });
  const { thinking: _whole, ...rest } = request;
  await runTurn(run, [chain], {
    ...rest,
    prompt,
    samples: 1,
    answer: { ...request.answer, maxTokens, ...(mayCall(run, chain) ? {} : { toolCalls: 'none' }) },
    // Chains draw from streams of their own, and so does each turn.
    sampling: { ...request.sampling, ...(seed === undefined ? {} : { seed: streamOf(seed, chain) }) },
    ...(thinking && { thinking }),
  });
}

/** What a chain may still think; undefined where nothing is left. */
function restOfThinking(run: ChainRun, { spent }: Chain): GenerateRequest['thinking'] {
  const left = shareOf(run) - spent.thinking;
  if (run.request.thinking === undefined || left <= 0) return undefined;
  const { prefix: _used, ended: _over, minimumTokens, computeTokens, ...given } = run.request.thinking;
  return {
    ...given,
    budgetTokens: left,
    perSampleTokens: left,
    ...(minimumTokens !== undefined && { minimumTokens: Math.max(0, minimumTokens - spent.thinking) }),
    ...(computeTokens !== undefined && { computeTokens: Math.max(0, computeTokens - spent.forced) }),
  };
}

/** The sample's last events; its usage is that of all its turns. */
async function endChain(
  { emit, isOwn }: ChainRun,
  chain: Chain,
  { finish, held }: { finish: Finish; held: readonly ModelEvent[] },
): Promise<void> {
  // Other chains may wait for its sandbox's place.
  await chain.caller.close();
  for (const event of held) if (event.type !== 'tool-call' || !isOwn(event.name)) await emit(event);
  const { usage } = finish;
  const { thinking, forced, answer } = chain.spent;
  await emit({
    ...finish,
    sample: chain.sample,
    usage: {
      ...(chain.first ?? usage),
      thinkingTokens: thinking + usage.thinkingTokens,
      forcedTokens: forced + usage.forcedTokens,
      answerTokens: answer + usage.answerTokens,
      ...(chain.toolTokens > 0 && { toolTokens: chain.toolTokens }),
    },
  });
}

/** The part of the thinking budget that each chain has. */
function shareOf({ request: { thinking, samples } }: ChainRun): number {
  return thinking === undefined ? 0 : shareOfSample(thinking, samples);
}

function mayCall(run: ChainRun, { made, spent }: Chain): boolean {
  const { request, options, mostCalls } = run;
  if (made.length >= mostCalls || options.answerNow?.aborted === true) return false;
  return request.thinking === undefined || shareOf(run) > spent.thinking;
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

function usageOf({ spent }: Chain) {
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
