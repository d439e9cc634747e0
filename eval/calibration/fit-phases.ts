import { decided } from './fit-agreement.ts';
import type { MeasuredChain, MeasuredQuestion } from './measured-chain.ts';

/** How many answers a phase corrected and spoiled. */
export type Turned = { wrongToRight: number; rightToWrong: number };

/** A phase stays on if it corrects at least twice as many answers as it spoils. */
export function isWorthIt({ wrongToRight, rightToWrong }: Turned): boolean {
  return wrongToRight >= 2 * rightToWrong;
}

/** A phase that helps on one set of questions and harms on another is off: it must pay on each. */
export function isWorthItOnEach(turned: Iterable<Turned>): boolean {
  return [...turned].every(isWorthIt);
}

/** Items by the set of their question, with the sets in order of their first item. */
export function bySet<Item>(items: readonly Item[], sets: readonly string[]): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const [index, item] of items.entries()) {
    const set = sets[index] ?? '';
    groups.set(set, [...(groups.get(set) ?? []), item]);
  }
  return groups;
}

/**
 * Which checks stay on: each is left out in turn, and the gains and losses of the vote are counted. A check that
 * changed nothing stays on, because it costs no tokens and may matter elsewhere. So does one that spoiled a single
 * answer if chains that it fails are right less often than others, because its main use, revision, does not show in
 * this vote.
 * @param sets of each question, in order: a check must pay on every set
 */
export function fitChecks(
  measured: readonly MeasuredQuestion[],
  names: readonly string[],
  sets: readonly string[] = [],
): { kept: string[]; figures: Record<string, Turned & { failed: number; failedRight: number }> } {
  const figures: Record<string, Turned & { failed: number; failedRight: number }> = {};
  const kept: string[] = [];
  const all = measured.flatMap(({ chains }) => chains);
  const rightShare = all.filter(({ right }) => right).length / all.length;
  for (const name of names) {
    const without = (chain: MeasuredChain) => ({ ...chain, checks: chain.checks.filter((one) => one.name !== name) });
    const turnedIn = (questions: readonly MeasuredQuestion[]): Turned => {
      const turned = { wrongToRight: 0, rightToWrong: 0 };
      for (const question of questions) {
        const [before, after] = [voted(question, question.chains.map(without)), voted(question)];
        if (!before && after) turned.wrongToRight += 1;
        if (before && !after) turned.rightToWrong += 1;
      }
      return turned;
    };
    const turnedBySet = [...bySet(measured, sets).values()].map(turnedIn);
    const turned = turnedBySet.reduce((sum, one) => ({
      wrongToRight: sum.wrongToRight + one.wrongToRight,
      rightToWrong: sum.rightToWrong + one.rightToWrong,
    }));
    const failed = all.filter((chain) => fails(chain, name));
    figures[name] = { ...turned, failed: failed.length, failedRight: failed.filter(({ right }) => right).length };
    const warns = failed.filter(({ right }) => right).length / Math.max(1, failed.length) < rightShare;
    if (isWorthItOnEach(turnedBySet) || (turned.rightToWrong === 1 && warns)) kept.push(name);
  }
  return { kept, figures };
}

/** The effect of the engine's revisions of the greedy chain; runs without revisions are left out. */
export function revisionTurned(
  runs: ReadonlyArray<{ before: boolean; after: boolean; revised: boolean }>,
): Turned & { answers: number; right: number } {
  const revised = runs.filter((run) => run.revised);
  return {
    answers: revised.length,
    right: revised.filter(({ after }) => after).length,
    wrongToRight: revised.filter(({ before, after }) => !before && after).length,
    rightToWrong: revised.filter(({ before, after }) => before && !after).length,
  };
}

/** Whether the engine's decision over these chains is right. */
function voted(question: MeasuredQuestion, chains: readonly MeasuredChain[] = question.chains): boolean {
  return decided(question, chains).winner?.right ?? false;
}

/** The share of questions that the vote over the greedy chain and the first `samples - 1` others gets right. */
export function votedShare(measured: readonly MeasuredQuestion[], samples: number): number {
  const rights = measured.filter((question) => voted(question, question.chains.slice(0, samples)));
  return rights.length / measured.length;
}

function fails(chain: MeasuredChain, name: string): boolean {
  return chain.checks.some((check) => check.name === name && check.verdict === 'fail');
}
