import { AutoRule, ProbeFeature } from '../../src/contracts/service/effort-table.ts';
import { logistic } from '../../src/reasoning/voting/logistic.ts';
import { areaUnderCurve, average } from '../statistics.ts';
import { fitLogistic } from './fit-logistic.ts';

/** A question's fast answer, as `auto` probes it, and the answers of the levels. Tokens. */
export type AutoExample = {
  found: Readonly<Record<ProbeFeature, number | undefined>>;
  fast: { right: boolean; tokens: number; probed: number };
  thought: Readonly<Partial<Record<AutoRule['level'], { right: boolean; tokens: number }>>>;
};

type Spent = { right: number; tokens: number };
export type AutoFigures = {
  questions: number;
  fast: Spent;
  levels: Partial<Record<AutoRule['level'], Spent>>;
  /** On questions that the model was not fitted on. */
  auto: Spent & { thinks: number };
  auc: number;
};

/** With fewer questions, nothing is fitted. */
const leastQuestions = 40;
const folds = 10;
const ridge = 3;
/** The share of right answers that may be lost compared with the best level: a little accuracy for many tokens. */
const mostLost = 0.03;

/**
 * The rule with the fewest tokens among those that lose almost nothing compared with the best level. The logistic model
 * predicts whether thinking would not have improved the fast answer; threshold and level are chosen on questions that
 * it was not fitted on.
 */
export function fitAuto(examples: readonly AutoExample[]): { auto: AutoRule | null; figures: AutoFigures | null } {
  const levels = levelsOf(examples);
  const most = Math.max(...levels.map((level) => share(examples.map(({ thought }) => thought[level]?.right === true))));
  const tried = levels.flatMap((level) => {
    const suffices = examples.map((one) => fastSuffices(one, level));
    if (examples.length < leastQuestions || new Set(suffices).size < 2) return [];
    const held = heldOut(examples, level);
    const thresholds = [0, ...new Set(held.map((probability) => Math.round(probability * 100) / 100)), 1.01];
    return thresholds.map((threshold) => ({
      level,
      threshold,
      held,
      ...outcome(examples, { level, threshold, held }),
    }));
  });
  const [best] = tried.filter(({ right }) => right >= most - mostLost).sort((a, b) => a.tokens - b.tokens);
  if (best === undefined) return { auto: null, figures: null };
  const { level, threshold, held, right, tokens, thinks } = best;
  const scored = examples.map((one, index) => ({ score: held[index] ?? 0.5, right: fastSuffices(one, level) }));
  return {
    auto: AutoRule.parse({
      questions: examples.length,
      ...fitted(examples, level),
      threshold: Math.min(1, threshold),
      level,
    }),
    figures: {
      questions: examples.length,
      fast: spent(examples.map(({ fast }) => fast)),
      levels: Object.fromEntries(
        levels.map((name) => [name, spent(examples.flatMap(({ thought }) => thought[name] ?? []))]),
      ),
      auto: { right: rounded(right), tokens: rounded(tokens), thinks: rounded(thinks) },
      auc: rounded(areaUnderCurve(scored)),
    },
  };
}

/** The levels at which every question was answered. */
function levelsOf(examples: readonly AutoExample[]): Array<AutoRule['level']> {
  const all = ['low', 'medium', 'high', 'xhigh', 'max'] as const;
  return all.filter((level) => examples.length > 0 && examples.every(({ thought }) => thought[level] !== undefined));
}

function fastSuffices({ fast, thought }: AutoExample, level: AutoRule['level']): boolean {
  return fast.right || thought[level]?.right !== true;
}

/** The result that the rule would have had. A fast answer that is not kept costs its tokens up to the decision. */
function outcome(
  examples: readonly AutoExample[],
  rule: { level: AutoRule['level']; threshold: number; held: readonly number[] },
): { right: number; tokens: number; thinks: number } {
  const runs = examples.map(({ fast, thought }, index) => {
    const own = thought[rule.level];
    if (own === undefined || (rule.held[index] ?? 0) >= rule.threshold) return { ...fast, thinks: false };
    return { right: own.right, tokens: own.tokens + fast.probed, thinks: true };
  });
  return { ...exact(runs), thinks: share(runs.map(({ thinks }) => thinks)) };
}

/** The prediction for each example by a model fitted without it. */
function heldOut(examples: readonly AutoExample[], level: AutoRule['level']): number[] {
  const models = Array.from({ length: folds }, (_, fold) =>
    fitted(
      examples.filter((_one, index) => index % folds !== fold),
      level,
    ),
  );
  return examples.map(({ found }, index) => {
    const model = models[index % folds];
    return model === undefined ? 0.5 : logistic(found, model);
  });
}

function fitted(examples: readonly AutoExample[], level: AutoRule['level']) {
  return fitLogistic(
    ProbeFeature.options,
    examples.map((one) => ({ found: one.found, right: fastSuffices(one, level), weight: 1 })),
    ridge,
  );
}

function exact(runs: ReadonlyArray<{ right: boolean; tokens: number }>): Spent {
  return { right: share(runs.map(({ right }) => right)), tokens: average(runs.map(({ tokens }) => tokens)) };
}

function spent(runs: ReadonlyArray<{ right: boolean; tokens: number }>): Spent {
  const { right, tokens } = exact(runs);
  return { right: rounded(right), tokens: rounded(tokens) };
}

function share(flags: readonly boolean[]): number {
  return average(flags.map(Number));
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
