/**
 * What it gives to stop as soon as m of k chains agree, compared with running all k: tokens, time and right answers, as
 * ratios within one run. `npx tsx bench/first-to-agree/first-to-agree.ts [--json] [--only PART OF A NAME]
 * [--questions 40] [--local 0] [--local-scripted 0]`.
 *
 * Server: the real engine and HTTP, and a server that gives every open stream one token at each tick, like one that
 * batches. Its chains are scripted: their lengths are drawn from a distribution, and each is right with its question's
 * probability. Both arms get the same chains. Local (`--local N`): the embedded model on N questions of
 * `reworded.jsonl` and N of GSM8K, whose lengths are its own. `--local-scripted N`: lengths and answers are scripted as for
 * the server, and the embedded model's decoder computes as many tokens, so that time and cancelling are real.
 */
import { parseArgs } from 'node:util';
import { isRight, readQuestionSet, type SetQuestion } from '../../eval/question-set.ts';
import { runInProcess } from '../../eval/run-in-process.ts';
import { responseUsage } from '../../src/contracts/responses/usage.ts';
import type { EffortTable } from '../../src/contracts/service/effort-table.ts';
import type { GenerateRequest, LanguageModel, ModelEvent } from '../../src/core/language-model.ts';
import { mergeSources } from '../../src/core/merge-sources.ts';
import { readEffortTable } from '../../src/models/config/effort-tables.ts';
import { createOpenaiModel } from '../../src/models/servers/openai-model.ts';
import { createStrategies } from '../../src/reasoning/strategies/index.ts';
import { prompts } from '../../test/support/strategy-run.ts';
import { startUpstreamServer } from '../../test/support/upstream-server.ts';
import { type Figure, figureOf, printTable } from '../decode/figure.ts';
import { type Ours, openOurs, requestOf } from '../decode/ours.ts';
import { createRandom } from '../decode/random.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    questions: { type: 'string', default: '40' },
    only: { type: 'string' },
    local: { type: 'string', default: '0' },
    'local-scripted': { type: 'string', default: '0' },
  },
});

const medianTokens = 80;
const mostTokens = 2_500;
const tickMs = 3;
/** Questions at the same time. */
const concurrency = 2;

/** A length relative to the median, from a normal and a uniform variate. */
type Lengths = (normal: number, uniform: number) => number;
const equal: Lengths = () => 1;
const logNormal =
  (sigma: number): Lengths =>
  (normal) =>
    Math.exp(sigma * normal);
const pareto: Lengths = (_, uniform) => (0.5 / (1 - uniform)) ** (1 / 1.5);
type Chains = { samples: number; agree: number; wave: number };
/** As `high` and `max` in the tables of thinking models, with all chains at once. */
const [five, sixteen] = [
  { samples: 5, agree: 3, wave: 5 },
  { samples: 16, agree: 6, wave: 16 },
];
/**
 * `atMost`: the aim for the ratio of tokens; only those with a heavy tail have one. `timeAtMost`: two waves of equal chains
 * take twice as long as one.
 */
const cases: ReadonlyArray<{ name: string; lengths: Lengths; chains: Chains; atMost?: number; timeAtMost?: number }> = [
  { name: 'equal lengths, first 3 of 5', lengths: equal, chains: five },
  {
    name: 'equal lengths, first 3 of 5, three at a time',
    lengths: equal,
    chains: { ...five, wave: 3 },
    timeAtMost: 2,
  },
  { name: 'log-normal (sigma 0.5), first 3 of 5', lengths: logNormal(0.5), chains: five },
  { name: 'log-normal (sigma 1), first 3 of 5', lengths: logNormal(1), chains: five, atMost: 0.75 },
  { name: 'Pareto (alpha 1.5), first 3 of 5', lengths: pareto, chains: five, atMost: 0.75 },
  { name: 'Pareto (alpha 1.5), first 6 of 16', lengths: pareto, chains: sixteen, atMost: 0.75 },
];

const strategies = createStrategies({ prompts });
type Arm = { tokens: number; ms: number; right: number };
type Compared = { first: Arm; all: Arm; questions: number };

const figures: Figure[] = [];
const aimsOf = ({ atMost = 1.05, timeAtMost = atMost < 1 ? 1 : 1.1 }: Partial<(typeof cases)[number]>) => ({
  atMost,
  timeAtMost,
});
const chosen = cases.filter(({ name }) => values.only === undefined || name.includes(values.only));
for (const one of chosen)
  report(`server, ${one.name}`, await overServer(Number(values.questions), one.chains, one.lengths), aimsOf(one));
if (Number(values.local) > 0) {
  const { model } = await openOurs(768);
  const [reworded, gsm8k] = await Promise.all([
    readQuestionSet({ set: 'reworded', count: Number(values.local) }),
    readQuestionSet({ set: 'gsm8k-dev', rows: '1-300', count: Number(values.local) }),
  ]);
  for (const { name, questions } of [reworded, gsm8k])
    report(
      `local, ${name}, first 3 of 5`,
      await compare(model, { table: readEffortTable('thinkfirst-135m'), questions, chains: five, at: 1 }),
      aimsOf({}),
    );
  await model.close();
}
if (Number(values['local-scripted']) > 0) {
  const ours = await openOurs(768);
  for (const { name, lengths, chains, ...aims } of chosen)
    report(`local, ${name}`, await overDecoder(ours, Number(values['local-scripted']), chains, lengths), aimsOf(aims));
  await ours.model.close();
}
if (values.json) console.log(JSON.stringify(figures));
else printTable(figures);
process.exitCode = figures.some(({ holds }) => holds === false) ? 1 : 0;

function report(
  name: string,
  { first, all, questions }: Compared,
  { atMost, timeAtMost }: ReturnType<typeof aimsOf>,
): void {
  const points = ((100 * (first.right - all.right)) / questions).toFixed(1);
  const each = (arm: Arm) => `${(arm.tokens / questions).toFixed(0)} tokens, ${(arm.ms / questions).toFixed(0)} ms`;
  const detail = `${each(first)} instead of ${each(all)} a question; right ${first.right} and ${all.right} of ${questions} (${points} points)`;
  const [tokens, time] = [
    figureOf(`${name}: tokens`, first.tokens / all.tokens, { atMost }, detail),
    figureOf(`${name}: time`, first.ms / all.ms, { atMost: timeAtMost }, detail),
  ];
  figures.push(tokens, time);
  console.error(`${name}: tokens ${tokens.ratio}, time ${time.ratio}; ${detail}`);
}

type Chain = { tokens: number; value: number };

/** The chains of each question, and those of them that were begun. */
function writeScripts(count: number, chains: Chains, draw: Lengths) {
  const random = createRandom(7);
  const scripts = Array.from({ length: count }, (_, index) => {
    const chance = 0.35 + (0.6 * index) / count;
    return Array.from({ length: chains.samples }, (): Chain => {
      const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      const tokens = Math.min(mostTokens, Math.max(10, Math.round(medianTokens * draw(normal, random()))));
      return { tokens, value: random() < chance ? 7 : 10 + Math.floor(5 * random()) };
    });
  });
  const started = new Map<number, number>();
  return {
    questions: scripts.map((_, index) => ({
      kind: 'all',
      question: `How many apples are in box ${index}?`,
      answer: '7',
    })),
    begin: (index: number) => started.delete(index),
    /** The next chain of the question that a prompt asks. */
    next(prompt: unknown): Chain {
      const number = Number(/box (\d+)/.exec(JSON.stringify(prompt))?.[1]);
      const chain = started.get(number) ?? 0;
      started.set(number, chain + 1);
      return scripts[number]?.[chain] ?? { tokens: 10, value: 0 };
    },
  };
}

async function overServer(count: number, chains: Chains, draw: Lengths): Promise<Compared> {
  const scripts = writeScripts(count, chains, draw);
  const ticks = startTicks();
  const server = await startUpstreamServer({
    dialect: 'vllm',
    pace: ticks.next,
    script: (body) => scriptOf(scripts.next(body['messages'])),
  });
  const model = createOpenaiModel(
    {
      kind: 'upstream',
      id: 'scripted',
      url: server.url,
      model: 'scripted',
      family: 'qwen3',
      dialect: 'vllm',
      contextLength: 1_000_000,
      thoughtOpenedByTemplate: false,
      maxParallel: 256,
    },
    { warn: console.error },
  );
  try {
    const table = readEffortTable('scripted', undefined, 'qwen3');
    return await compare(model, { ...scripts, table, chains, at: concurrency });
  } finally {
    await model.close();
    await server.close();
    ticks.stop();
  }
}

async function overDecoder(ours: Ours, count: number, chains: Chains, draw: Lengths): Promise<Compared> {
  const scripts = writeScripts(count, chains, draw);
  const table = readEffortTable('scripted', undefined, 'qwen3');
  let begun = 0;
  const model: LanguageModel = {
    ...ours.model,
    async *generate(request, options) {
      const decoded = { tokens: 0 };
      const rows = Array.from({ length: request.samples }, (_, sample) =>
        scriptedRow(ours, request, { sample, signal: options.signal, decoded }),
      );
      try {
        yield* mergeSources(rows);
      } finally {
        if (options.signal.aborted) options.onStopped?.(decoded.tokens);
      }
    },
  };
  return await compare(model, { ...scripts, table, chains, at: 1 });

  /** The decoder computes the script's tokens; what is shown is the script's. */
  async function* scriptedRow(
    { folder, model }: Ours,
    request: GenerateRequest,
    { sample, signal, decoded }: { sample: number; signal: AbortSignal; decoded: { tokens: number } },
  ): AsyncGenerator<ModelEvent> {
    const chain = scripts.next(request.prompt.messages);
    const { thoughts, answer } = scriptOf(chain);
    const usage = { inputTokens: 0, cachedTokens: 0, thinkingTokens: 0, forcedTokens: 0, answerTokens: answer.length };
    // Hot enough that it doesn't repeat itself.
    const asked = requestOf({ folder }, request.prompt, chain.tokens);
    const computed = { ...asked, sampling: { ...asked.sampling, temperature: 1.5, seed: begun } };
    // No two chains are alike, or one would be guessed from the other.
    begun += 1;
    for await (const event of model.generate(computed, { signal })) {
      if (event.type !== 'answer-delta' || event.tokenIds.length === 0) continue;
      const text = thoughts.slice(usage.thinkingTokens, usage.thinkingTokens + event.tokenIds.length).join('');
      usage.thinkingTokens += event.tokenIds.length;
      decoded.tokens += event.tokenIds.length;
      yield { type: 'thinking-delta', sample, text, tokenIds: event.tokenIds, logprobs: [], forced: false };
    }
    yield { type: 'thinking-end', sample, reason: 'natural' };
    yield { type: 'answer-delta', sample, text: answer.join(''), tokenIds: [], logprobs: [] };
    yield { type: 'finish', sample, reason: 'stop', thinkingStop: 'natural', usage, scores: {} };
  }
}

/** A thought of so many tokens, none of which repeats another, and its answer. */
function scriptOf({ tokens, value }: Chain): { thoughts: string[]; answer: string[] } {
  return {
    thoughts: Array.from({ length: tokens }, (_, index) => ` step${index}`),
    answer: ['The', ' answer', ' is', ` ${value}.`],
  };
}

/** One clock for all streams. */
function startTicks(): { next(): Promise<void>; stop(): void } {
  let waiting: Array<() => void> = [];
  const timer = setInterval(() => {
    const due = waiting;
    waiting = [];
    for (const resolve of due) resolve();
  }, tickMs);
  return { next: () => new Promise((resolve) => waiting.push(resolve)), stop: () => clearInterval(timer) };
}

/** Each question both ways, one after the other, so that a busy machine slows both. */
async function compare(
  model: LanguageModel,
  options: {
    table: EffortTable;
    questions: readonly SetQuestion[];
    chains: Chains;
    /** Questions at the same time. */
    at: number;
    begin?(index: number): unknown;
  },
): Promise<Compared> {
  const { chains, questions } = options;
  const high = { ...options.table.levels.high, ...chains };
  const table = { ...options.table, levels: { ...options.table.levels, high } };
  const sum = (): Arm => ({ tokens: 0, ms: 0, right: 0 });
  const arms = { first: sum(), all: sum() };
  const open = questions.map((question, index) => ({ question, index }));
  const ask = async (arm: Arm, adaptive: boolean, { question, index }: (typeof open)[number]) => {
    options.begin?.(index);
    const from = performance.now();
    const { answer, outcome } = await runInProcess({
      model,
      strategies,
      table,
      question: question.question,
      effective: {
        effort: 'high',
        strategy: 'self-consistency',
        budget_tokens: 200_000,
        samples: chains.samples,
        max_revisions: 0,
      },
      options: { adaptive },
      seed: index + 1,
      now: Date.now,
    });
    arm.ms += performance.now() - from;
    arm.tokens += responseUsage(outcome.usage).output_tokens;
    arm.right += Number(await isRight(answer, question));
  };
  const worker = async () => {
    for (let next = open.shift(); next !== undefined; next = open.shift()) {
      const both = [() => ask(arms.first, true, next), () => ask(arms.all, false, next)];
      // By turns, so that neither always comes first.
      for (const run of next.index % 2 === 0 ? both : both.reverse()) await run();
    }
  };
  await Promise.all(Array.from({ length: options.at }, worker));
  return { ...arms, questions: questions.length };
}
