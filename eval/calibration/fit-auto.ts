import { AutoRule, ProbeFeature } from '../../src/contracts/service/effort-table.ts';
import { type Logistic, logistic } from '../../src/reasoning/voting/logistic.ts';
import { areaUnderCurve } from '../statistics.ts';
import { fitLogistic } from './fit-logistic.ts';

/** What is known of a fast answer after so many of its tokens. */
export type AutoProbe = { tokens: number; found: Readonly<Record<ProbeFeature, number | undefined>> };

/** A question's fast answer, as `auto` probes it, and the answers of the levels. Tokens. */
export type AutoExample = {
  /** Easy, with steps, or open: each kind counts as much as any other, however many of its questions there are. */
  kind: string;
  fast: { right: boolean; tokens: number };
  /** After each of its tokens, and last when `auto` decides at the latest. */
  probes: readonly AutoProbe[];
  thought: Readonly<Partial<Record<AutoRule['level'], { right: boolean; tokens: number }>>>;
};

type Spent = { right: number; tokens: number };
export type AutoFigures = {
  questions: number;
  fast: Spent;
  levels: Partial<Record<AutoRule['level'], Spent>>;
  /** On questions that the models were not fitted on. `early`: the share whose fast answer was not completed. */
  auto: Spent & { thinks: number; early: number };
  auc: number;
};

/** With fewer questions, nothing is fitted. */
const leastQuestions = 40;
const folds = 10;
const ridge = 3;
/**
 * The share of right answers that may be lost here compared with the best level: a little accuracy for many tokens. It is
 * half of the 3 points that `auto` may lose on other questions, because the thresholds are chosen on a few hundred.
 */
const mostLost = 0.015;

type Weighted = AutoExample & { weight: number };
type Rule = { level: AutoRule['level']; threshold: number; early: number };

/**
 * The rule with the fewest tokens among those that lose almost nothing compared with the best level. Logistic models
 * predict, from the whole fast answer and from what there is of it after each token, whether thinking would not have
 * improved it. Level and thresholds are chosen on questions that the models were not fitted on.
 */
export function fitAuto(given: readonly AutoExample[]): { auto: AutoRule | null; figures: AutoFigures | null } {
  const examples = weighted(given);
  const levels = levelsOf(examples);
  const most = Math.max(...levels.map((level) => spentBy(examples, ({ thought }) => thought[level]).right));
  const tried = levels.flatMap((level) => {
    const suffices = new Set(examples.map((one) => fastSuffices(one, level)));
    return examples.length < leastQuestions || suffices.size < 2 ? [] : outcomes(examples, level);
  });
  const [best] = tried.filter(({ right }) => right >= most - mostLost).sort((a, b) => a.tokens - b.tokens);
  if (best === undefined) return { auto: null, figures: null };
  const { level, threshold, early, right, tokens, thinks, stopped } = best;
  const scored = heldOut(examples, level).map(({ whole }, index) => {
    const example = examples[index];
    return { score: whole, right: example !== undefined && fastSuffices(example, level) };
  });
  const { whole, begun } = fitted(examples, level);
  return {
    auto: AutoRule.parse({
      questions: examples.length,
      ...whole,
      threshold: Math.min(1, threshold),
      level,
      ...(early > 0 && { early: { ...begun, threshold: early } }),
    }),
    figures: {
      questions: examples.length,
      fast: shown(spentBy(examples, ({ fast }) => fast)),
      levels: Object.fromEntries(
        levels.map((name) => [name, shown(spentBy(examples, ({ thought }) => thought[name]))]),
      ),
      auto: { ...shown({ right, tokens }), thinks: rounded(thinks), early: rounded(stopped) },
      auc: rounded(areaUnderCurve(scored)),
    },
  };
}

/** With weights that give every kind the same sum, and are 1 on average. */
function weighted(examples: readonly AutoExample[]): Weighted[] {
  const kinds = new Map<string, number>();
  for (const { kind } of examples) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  return examples.map((one) => ({ ...one, weight: examples.length / kinds.size / (kinds.get(one.kind) ?? 1) }));
}

/** The levels at which every question was answered. */
function levelsOf(examples: readonly AutoExample[]): Array<AutoRule['level']> {
  const all = ['low', 'medium', 'high', 'xhigh', 'max'] as const;
  return all.filter((level) => examples.length > 0 && examples.every(({ thought }) => thought[level] !== undefined));
}

function fastSuffices({ fast, thought }: AutoExample, level: AutoRule['level']): boolean {
  return fast.right || thought[level]?.right !== true;
}

/** What each rule that thinks at this level would have given. */
function outcomes(examples: readonly Weighted[], level: AutoRule['level']) {
  const held = heldOut(examples, level);
  const early = thresholdsOf(held.flatMap(({ begun }) => begun)).filter((threshold) => threshold <= 1);
  const thresholds = thresholdsOf(held.map(({ whole }) => whole));
  return early.flatMap((stopBelow) => {
    const stops = held.map(({ begun }) => begun.findIndex((probability) => probability < stopBelow));
    return thresholds.map((threshold) => {
      const rule: Rule = { level, threshold, early: stopBelow };
      return { ...rule, ...outcome(examples, rule, { held, stops }) };
    });
  });
}

/** Never, at each of the probabilities (rounded to two in a hundred), and always. */
function thresholdsOf(held: readonly number[]): number[] {
  return [0, ...new Set(held.map((probability) => Math.round(probability * 50) / 50)), 1.01];
}

/** The result that the rule would have had. A fast answer that is not kept costs its tokens up to the decision. */
function outcome(
  examples: readonly Weighted[],
  { level, threshold }: Rule,
  { held, stops }: { held: readonly Held[]; stops: readonly number[] },
): Spent & { thinks: number; stopped: number } {
  const sum = { right: 0, tokens: 0, thinks: 0, stopped: 0 };
  for (const [index, { weight, fast, thought, probes }] of examples.entries()) {
    const stop = stops[index] ?? -1;
    const own = thought[level];
    const thinks = own !== undefined && (stop >= 0 || (held[index]?.whole ?? 0) < threshold);
    const probed = probes.at(stop)?.tokens ?? 0;
    sum.right += weight * Number(thinks ? own.right : fast.right);
    sum.tokens += weight * (thinks ? own.tokens + probed : fast.tokens);
    sum.thinks += weight * Number(thinks);
    sum.stopped += weight * Number(stop >= 0);
  }
  const { length } = examples;
  const { right, tokens, thinks, stopped } = sum;
  return { right: right / length, tokens: tokens / length, thinks: thinks / length, stopped: stopped / length };
}

/** Probabilities that thinking would not improve a fast answer: from all of it, and after each of its tokens. */
type Held = { whole: number; begun: readonly number[] };

/** The predictions for each example by models that were fitted without it. */
function heldOut(examples: readonly Weighted[], level: AutoRule['level']): Held[] {
  const models = Array.from({ length: folds }, (_, fold) =>
    fitted(
      examples.filter((_one, index) => index % folds !== fold),
      level,
    ),
  );
  return examples.map(({ probes }, index) => {
    const model = models[index % folds];
    if (model === undefined) return { whole: 0.5, begun: [] };
    const last = probes.at(-1);
    return {
      whole: last === undefined ? 0.5 : logistic(last.found, model.whole),
      begun: probes.slice(0, -1).map(({ found }) => logistic(found, model.begun)),
    };
  });
}

/** A model for fast answers as a whole, and one for what there is of them after any of their tokens. */
function fitted(examples: readonly Weighted[], level: AutoRule['level']) {
  const of = (chosen: (probes: readonly AutoProbe[]) => readonly AutoProbe[]): Logistic<string> => {
    const rows = examples.flatMap((one) => {
      const probes = chosen(one.probes);
      const right = fastSuffices(one, level);
      return probes.map(({ found }) => ({ found, right, weight: one.weight / probes.length }));
    });
    return fitLogistic(ProbeFeature.options, rows, ridge);
  };
  return { whole: of((probes) => probes.slice(-1)), begun: of((probes) => probes.slice(0, -1)) };
}

function spentBy(
  examples: readonly Weighted[],
  runOf: (example: AutoExample) => { right: boolean; tokens: number } | undefined,
): Spent {
  let [right, tokens] = [0, 0];
  for (const one of examples) {
    const run = runOf(one);
    right += one.weight * Number(run?.right ?? false);
    tokens += one.weight * (run?.tokens ?? 0);
  }
  return { right: right / examples.length, tokens: tokens / examples.length };
}

function shown({ right, tokens }: Spent): Spent {
  return { right: rounded(right), tokens: rounded(tokens) };
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
