import { expect, it } from 'vitest';
import { createTestModel, type Script } from '../../support/scripted-model.ts';
import { type ContextPatch, type RunResult, runStrategy, table } from '../../support/strategy-run.ts';

/** Numbers in [0, 1), the same for the same seed. */
function draws(seed: number) {
  let state = Math.imul(seed, 7919) >>> 0;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  for (let skipped = 0; skipped < 5; skipped += 1) random();
  const below = (most: number) => Math.floor(random() * most);
  const pick = <Item>(first: Item, ...others: Item[]): Item => [first, ...others][below(others.length + 1)] ?? first;
  return { random, below, pick };
}

type Draws = ReturnType<typeof draws>;

const strategies = [
  'deliberate',
  'auto deliberate',
  'self-consistency',
  'verify-and-revise',
  'best-of-n',
  'budget-forcing',
];

/** Right, wrong, blank, rambling and endless samples. */
function scriptOf({ random, below, pick }: Draws): Script {
  const said = pick('4', '4', '5', '12 hours');
  const wrong = pick('', '', '2 + 2 = 5.\n');
  return {
    thought: `${wrong}${'hm '.repeat(below(40))}\nSo it is ${said}.`,
    closes: random() > 0.15,
    answer: pick(`The answer is ${said}.`, said, '', ' \n', 'word '.repeat(20), `It is ${said} and so on and so on.`),
    answerLogprob: pick<number | null>(-0.01, -0.7, null),
  };
}

function requestOf({ random, below, pick }: Draws, auto: boolean) {
  const most = random() < 0.6 ? 40 + below(400) : undefined;
  const reserve = 8 + below(12);
  const budget = Math.min(5 + below(400), Math.max(1, (most ?? 1e9) - reserve));
  const checks = pick<NonNullable<ContextPatch['checks']>>(
    [],
    [{ type: 'arithmetic' }, { type: 'agreement' }],
    [{ type: 'expected', value: '4' }],
    [{ type: 'webhook', url: 'https://example.com/check' }],
    [{ type: 'regex', pattern: '4' }],
  );
  const given: Omit<ContextPatch, 'model'> = {
    question: pick('What is 2 + 2?', 'Write a story.'),
    checks,
    table: { ...table, natural_tokens: 20, greedy_first: random() < 0.5, compare: random() < 0.5 },
    effective: {
      effort: auto ? 'auto' : 'high',
      budget_tokens: budget,
      samples: pick(1, 2, 3, 5),
      max_revisions: pick(0, 1, 2),
      answer_reserve_tokens: reserve,
    },
    answer: { maxTokens: Math.min(60, most ?? 60), reserve },
    ...(most !== undefined && { maxOutputTokens: most }),
  };
  return { given, budget, most: most ?? Number.POSITIVE_INFINITY, checks };
}

/** What no answer may be, however its request was put together. */
function faultsOf(run: RunResult, { budget, most, checks }: ReturnType<typeof requestOf>): string[] {
  const { verdict, incomplete, thinkingStop, usage } = run.outcome;
  const isFour = /\b4\b/.test(run.answer);
  const confirms = checks.some(({ type }) => type === 'expected' || type === 'webhook');
  const faults: Array<[boolean, string]> = [
    [run.thinking > budget, `thought ${run.thinking} of ${budget}`],
    [run.output > most, `gave ${run.output} of ${most}`],
    [incomplete === undefined && run.answer.trim() === '', 'complete and empty'],
    [thinkingStop !== null && verdict === null && run.answer.trim() !== '', 'thought, without a verdict'],
    [verdict?.kind === 'verified' && !(confirms && isFour), 'verified and wrong'],
    [verdict?.kind === 'agreed' && (verdict.agreement?.agree ?? 0) < 2, 'agreed with none'],
    [Object.values(usage).some((tokens) => tokens < 0), 'negative usage'],
  ];
  return faults.flatMap(([is, what]) => (is ? [what] : []));
}

const told = ({ answer, output, outcome: { verdict, incomplete, thinkingStop, usage } }: RunResult) =>
  JSON.stringify([answer, output, usage.answer, verdict, incomplete, thinkingStop]);

it('keeps budgets and verdicts in any combination, also where an attempt goes on from a decided answer', {
  timeout: 60_000,
}, async () => {
  const faults: string[] = [];
  for (let seed = 1; seed <= 120; seed += 1) {
    const drawn = draws(seed);
    const strategy = drawn.pick('deliberate', ...strategies);
    const request = requestOf(drawn, strategy.startsWith('auto'));
    const scripts = Array.from({ length: 6 }, () => scriptOf(drawn));
    const capabilities = { rollback: drawn.random() < 0.6, batching: drawn.random() < 0.7 };
    const [now, late] = [new AbortController(), new AbortController()];
    const [nowAt, lateAt] = [drawn.pick(-1, drawn.below(120)), drawn.pick(-1, drawn.below(150))];
    const model = createTestModel({
      capabilities,
      script: (asked, sample, call) =>
        asked.answer.maxTokens === 12 && asked.thinking === undefined && call > 0
          ? { answer: drawn.pick('A', 'B') }
          : (scripts[(call + sample) % scripts.length] ?? { answer: '4' }),
      onStep(step) {
        if (step === nowAt) now.abort(new Error('now'));
        if (step === lateAt) late.abort(new Error('late'));
      },
    });
    const timed = lateAt < 0 ? {} : { deadlineAt: 1e12, deadline: late.signal };
    const given = { ...request.given, ...timed, model, answerNow: now.signal };
    const postCheck = async (_url: string, body: unknown) => ({
      verdict: /\b4\b/.test(JSON.stringify(body)) ? 'pass' : 'fail',
    });
    const say = (found: string[]) => faults.push(...found.map((what) => `${seed} ${strategy}: ${what}`));
    try {
      const run = await runStrategy(strategy, given, { postCheck });
      say(faultsOf(run, request));
      const isDecided = run.steps.some(({ answer_source: source }) => source !== undefined);
      if (!isDecided || nowAt >= 0 || lateAt >= 0) continue;
      const finishedSteps = run.steps.toSorted((a, b) => a.index - b.index);
      const again = await runStrategy(strategy, { ...given, finishedSteps }, { postCheck });
      if (told(again) !== told(run)) say([`resumed ${told(again)}, whole ${told(run)}`]);
    } catch (error) {
      // All samples of some scripts are blank.
      if (!(error instanceof Error && /gave no answer/.test(error.message))) throw error;
    }
  }
  expect(faults).toEqual([]);
});
