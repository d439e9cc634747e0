import type { AnsweredRow } from './answered-row.ts';
import { fastArm, greedyArm } from './arm.ts';
import { type PhaseContribution, phaseContributions } from './phase-contribution.ts';
import type { QuestionSet } from './question-set.ts';
import {
  average,
  calibrationError,
  type Discordance,
  type Estimate,
  pairedDifference,
  quantile,
  wilson,
} from './statistics.ts';

/** The results of one arm. Tokens and seconds are means per question, unless named otherwise. */
export type ArmSummary = {
  arm: string;
  questions: number;
  right: number;
  accuracy: Estimate;
  /** Over the questions that both have answered; absent for the baseline itself and if the baseline was not run. */
  againstFast?: Estimate & Discordance;
  againstGreedy?: Estimate & Discordance;
  /** Compared with the arms named by `--against`. */
  against?: Array<Estimate & Discordance & { arm: string }>;
  outputTokens: number;
  thinkingTokens: number;
  seconds: number;
  secondsMedian: number;
  kinds: Record<string, { right: number; questions: number }>;
  sources: Record<string, number>;
  thinkingStops: Record<string, number>;
  notCompleted: number;
  phases: PhaseContribution[];
  /** For deliberate answers; absent if none has a verdict. */
  verdicts?: VerdictSummary;
};

/** How well the verdicts predict which answers are right. */
export type VerdictSummary = {
  kinds: Record<string, { right: number; questions: number }>;
  /** Wrong answers with the verdict verified. */
  wrongVerified: number;
  /**
   * The number of answers with a probability, and the error of these probabilities (five bins of equal size); null if
   * there are none.
   */
  stated: number;
  calibrationError: number | null;
};

/** One summary per arm, in the order given. */
export function summarise(
  rows: readonly AnsweredRow[],
  arms: readonly string[],
  { against = [] }: { against?: readonly string[] } = {},
): ArmSummary[] {
  const of = (arm: string) => rows.filter((row) => row.arm === arm);
  return arms
    .map((arm) => ({ arm, own: of(arm) }))
    .filter(({ own }) => own.length > 0)
    .map(({ arm, own }) => {
      const right = own.filter((row) => row.right).length;
      const fast = arm === fastArm ? undefined : difference(of(fastArm), own);
      const greedy = arm === greedyArm || arm === fastArm ? undefined : difference(of(greedyArm), own);
      const others = against.flatMap((other) => {
        const found = other === arm ? undefined : difference(of(other), own);
        return found === undefined ? [] : [{ arm: other, ...found }];
      });
      return {
        arm,
        questions: own.length,
        right,
        accuracy: wilson(right, own.length),
        ...(fast === undefined ? {} : { againstFast: fast }),
        ...(greedy === undefined ? {} : { againstGreedy: greedy }),
        ...(others.length === 0 ? {} : { against: others }),
        outputTokens: average(own.map((row) => row.output_tokens)),
        thinkingTokens: average(own.map((row) => row.output_tokens - row.phases.answer)),
        seconds: average(own.map((row) => row.seconds)),
        secondsMedian: quantile(
          own.map((row) => row.seconds),
          0.5,
        ),
        kinds: kindsOf(own),
        sources: counted(own.map((row) => row.source ?? 'none')),
        thinkingStops: counted(own.map((row) => row.thinking_stop ?? 'none')),
        notCompleted: own.filter((row) => row.status !== 'completed').length,
        phases: phaseContributions(own),
        ...verdictsOf(own),
      };
    });
}

/** One arm on reworded questions and on the same questions in their original wording. */
export type AgainstOriginals = {
  arm: string;
  questions: number;
  right: number;
  originalsRight: number;
  /** `right / originalsRight`; null if no original was right. */
  ratio: number | null;
  difference: Estimate & Discordance;
};

/** One per arm, over the questions whose original was answered too. Empty for a set without rewordings. */
export function againstOriginals(options: {
  set: QuestionSet;
  rows: readonly AnsweredRow[];
  originals: readonly AnsweredRow[];
  arms: readonly string[];
}): AgainstOriginals[] {
  const { set, rows, originals, arms } = options;
  const originalOf = new Map(set.questions.map(({ row, original }) => [row, original]));
  return arms.flatMap((arm) => {
    const first = new Map(originals.filter((row) => row.arm === arm).map((row) => [row.question, row.right]));
    const pairs = rows
      .filter((row) => row.arm === arm)
      .flatMap((row) => {
        const base = first.get(originalOf.get(row.row) ?? '');
        return base === undefined ? [] : [{ base, other: row.right }];
      });
    if (pairs.length === 0) return [];
    const right = pairs.filter(({ other }) => other).length;
    const originalsRight = pairs.filter(({ base }) => base).length;
    const ratio = originalsRight === 0 ? null : right / originalsRight;
    return [{ arm, questions: pairs.length, right, originalsRight, ratio, difference: pairedDifference(pairs) }];
  });
}

/** `other` minus `base`, paired by question; undefined if no question has both. */
export function difference(base: readonly AnsweredRow[], other: readonly AnsweredRow[]) {
  const baseByRow = new Map(base.map((row) => [row.row, row.right]));
  const pairs = other.flatMap((row) => {
    const was = baseByRow.get(row.row);
    return was === undefined ? [] : [{ base: was, other: row.right }];
  });
  return pairs.length === 0 ? undefined : pairedDifference(pairs);
}

function verdictsOf(rows: readonly AnsweredRow[]): { verdicts?: VerdictSummary } {
  const judged = rows.flatMap(({ verdict, right }) => (verdict ? [{ ...verdict, right }] : []));
  if (judged.length === 0) return {};
  const stated = judged.flatMap(({ probability, right }) => (probability === null ? [] : [{ probability, right }]));
  return {
    verdicts: {
      kinds: kindsOf(judged),
      wrongVerified: judged.filter(({ kind, right }) => kind === 'verified' && !right).length,
      stated: stated.length,
      calibrationError: stated.length === 0 ? null : calibrationError(stated),
    },
  };
}

function kindsOf(rows: ReadonlyArray<{ kind: string; right: boolean }>): ArmSummary['kinds'] {
  const kinds: ArmSummary['kinds'] = {};
  for (const { kind, right } of rows) {
    const sofar = kinds[kind] ?? { right: 0, questions: 0 };
    kinds[kind] = { right: sofar.right + (right ? 1 : 0), questions: sofar.questions + 1 };
  }
  return kinds;
}

function counted(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
