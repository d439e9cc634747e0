/**
 * What it gives to stop as soon as m of k chains agree, compared with running all k: tokens, time and right answers, as
 * ratios within one run. `npx tsx bench/first-to-agree/first-to-agree.ts [--json] [--questions 60] [--local 0]`.
 *
 * Server: the real engine and HTTP, and a server that gives every open stream one token at each tick, like one that
 * batches. Its chains are scripted: their lengths are drawn from a distribution, and each is right with its question's
 * probability. Both arms get the same chains. Local (`--local N`): the embedded model on N questions of
 * `reworded.jsonl` and N of GSM8K, whose lengths are its own.
 */
import { parseArgs } from 'node:util';
import { isRight, readQuestionSet, type SetQuestion } from '../../eval/question-set.ts';
import { runInProcess } from '../../eval/run-in-process.ts';
import { responseUsage } from '../../src/contracts/responses/usage.ts';
import type { EffortTable } from '../../src/contracts/service/effort-table.ts';
import type { LanguageModel } from '../../src/core/language-model.ts';
import { readEffortTable } from '../../src/models/config/effort-tables.ts';
import { createOpenaiModel } from '../../src/models/servers/openai-model.ts';
import { createStrategies } from '../../src/reasoning/strategies/index.ts';
import { prompts } from '../../test/support/strategy-run.ts';
import { startUpstreamServer } from '../../test/support/upstream-server.ts';
import { type Figure, figureOf, printTable } from '../decode/figure.ts';
import { openOurs } from '../decode/ours.ts';
import { createRandom } from '../decode/random.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    questions: { type: 'string', default: '60' },
    local: { type: 'string', default: '0' },
  },
});

const medianTokens = 120;
const mostTokens = 4_000;
const tickMs = 2;
/** Questions at the same time. */
const concurrency = 6;

/** Lengths relative to the median, from a normal and a uniform variate. */
const lengths = {
  'equal lengths': () => 1,
  'log-normal, sigma 0.5': (normal: number) => Math.exp(0.5 * normal),
  'log-normal, sigma 1': (normal: number) => Math.exp(normal),
  'Pareto, alpha 1.5': (_: number, uniform: number) => (0.5 / (1 - uniform)) ** (1 / 1.5),
};
type Chains = { samples: number; agree: number; wave: number };
/** The numbers of `high` and `max` in the tables of thinking models. */
const settings: ReadonlyArray<[name: string, Chains]> = [
  ['first 3 of 5', { samples: 5, agree: 3, wave: 5 }],
  ['first 3 of 5, three at a time', { samples: 5, agree: 3, wave: 3 }],
  ['first 6 of 16', { samples: 16, agree: 6, wave: 16 }],
];

const strategies = createStrategies({ prompts });
type Arm = { tokens: number; ms: number; right: number };
type Compared = { first: Arm; all: Arm; questions: number };

const figures: Figure[] = [];
for (const [name, draw] of Object.entries(lengths)) {
  for (const [chains, setting] of settings) {
    // What equal lengths give is only told; the aim is for those with a tail.
    const heavy = name === 'log-normal, sigma 1' || name.startsWith('Pareto');
    report(
      `server, ${name}, ${chains}`,
      await overServer(Number(values.questions), setting, draw),
      heavy ? 0.75 : 1.05,
    );
  }
}
if (Number(values.local) > 0) {
  const { model } = await openOurs(768);
  const [reworded, gsm8k] = await Promise.all([
    readQuestionSet({ set: 'reworded', count: Number(values.local) }),
    readQuestionSet({ set: 'gsm8k-dev', rows: '1-300', count: Number(values.local) }),
  ]);
  const five = settings[0]?.[1] ?? { samples: 5, agree: 3, wave: 5 };
  for (const { name, questions } of [reworded, gsm8k])
    report(
      `local, ${name}, first 3 of 5`,
      await compare(model, { table: readEffortTable('thinkfirst-135m'), questions, chains: five, at: 1 }),
      1.05,
    );
  await model.close();
}
if (values.json) console.log(JSON.stringify(figures));
else printTable(figures);
process.exitCode = figures.some(({ holds }) => holds === false) ? 1 : 0;

function report(name: string, { first, all, questions }: Compared, atMost: number): void {
  const points = ((100 * (first.right - all.right)) / questions).toFixed(1);
  const each = (arm: Arm) => `${(arm.tokens / questions).toFixed(0)} tokens, ${(arm.ms / questions).toFixed(0)} ms`;
  const detail = `${each(first)} instead of ${each(all)} a question; right ${first.right} and ${all.right} of ${questions} (${points} points)`;
  const [tokens, time] = [
    figureOf(`${name}: tokens`, first.tokens / all.tokens, { atMost }, detail),
    figureOf(`${name}: time`, first.ms / all.ms, { atMost: 1.05 }, detail),
  ];
  figures.push(tokens, time);
  console.error(`${name}: tokens ${tokens.ratio}, time ${time.ratio}; ${detail}`);
}

async function overServer(
  count: number,
  chains: Chains,
  draw: (normal: number, uniform: number) => number,
): Promise<Compared> {
  const random = createRandom(7);
  const scripts = Array.from({ length: count }, (_, index) => {
    const chance = 0.35 + (0.6 * index) / count;
    return Array.from({ length: chains.samples }, () => {
      const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      const tokens = Math.min(mostTokens, Math.max(10, Math.round(medianTokens * draw(normal, random()))));
      return scriptOf(tokens, random() < chance ? 7 : 10 + Math.floor(5 * random()));
    });
  });
  const ticks = startTicks();
  const started = new Map<number, number>();
  const server = await startUpstreamServer({
    dialect: 'vllm',
    pace: ticks.next,
    script(body) {
      const number = Number(/box (\d+)/.exec(JSON.stringify(body['messages']))?.[1]);
      const chain = started.get(number) ?? 0;
      started.set(number, chain + 1);
      return scripts[number]?.[chain] ?? scriptOf(10, 0);
    },
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
  const questions = scripts.map((_, index) => ({
    kind: 'all',
    question: `How many apples are in box ${index}?`,
    answer: '7',
  }));
  try {
    const table = readEffortTable('scripted', undefined, 'qwen3');
    return await compare(model, { table, questions, chains, at: concurrency, begin: (index) => started.delete(index) });
  } finally {
    await model.close();
    await server.close();
    ticks.stop();
  }
}

/** A thought of so many tokens, none of which repeats another, and its answer. */
function scriptOf(tokens: number, value: number): { thoughts: string[]; answer: string[] } {
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
    begin?(index: number): void;
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
      await ask(arms.first, true, next);
      await ask(arms.all, false, next);
    }
  };
  await Promise.all(Array.from({ length: options.at }, worker));
  return { ...arms, questions: questions.length };
}
