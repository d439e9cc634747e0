import { z } from 'zod';
import { checks as registry } from '../../src/checks/index.ts';
import type { NamedCheck } from '../../src/checks/run-checks.ts';
import type { EffortTable } from '../../src/contracts/service/effort-table.ts';
import { ServiceError } from '../../src/contracts/service/service-error.ts';
import type { LanguageModel } from '../../src/core/language-model.ts';
import type { Prompts } from '../../src/reasoning/prompts.ts';
import type { Strategy } from '../../src/reasoning/strategy.ts';
import type { Question } from '../generator/question.ts';
import type { SetQuestion } from '../question-set.ts';
import { quantile } from '../statistics.ts';
import { calibrateAuto } from './calibrate-auto.ts';
import { chooseCompute } from './choose-compute.ts';
import { chooseTemperature } from './choose-temperature.ts';
import { fitAgreement, fitConfident } from './fit-agreement.ts';
import { fitCertainty, leastQuestions } from './fit-certainty.ts';
import { fitCompare } from './fit-compare.ts';
import { fitNatural, type LevelName, ladder, levelNames, mergeLevels, proposeLevels } from './fit-levels.ts';
import { bySet, fitChecks, isWorthItOnEach, revisionTurned, votedShare } from './fit-phases.ts';
import { forEachOf } from './for-each-of.ts';
import { measureQuestion, plainChecks } from './measure-question.ts';
import { MeasuredQuestion } from './measured-chain.ts';
import type { MeasurementLog } from './measurement-log.ts';
import { LevelRun, runLevel } from './run-level.ts';
import { balancedAnswers, fitVerdict, verdictScore } from './verdict-worth.ts';

/** `set`: what it is from; a phase must pay on each set. */
export type CalibrationQuestion = Question & { set?: string };

export type CalibrationOptions = {
  model: LanguageModel;
  prompts: Prompts;
  strategies: ReadonlyMap<string, Strategy>;
  questions: readonly CalibrationQuestion[];
  /** What `auto` is fitted on: easy, hard and open ones. Absent: it stays as it was. */
  mixed?: readonly SetQuestion[];
  /** The table so far: what can't be measured stays as it is. */
  before: EffortTable;
  log: MeasurementLog;
  /** Chains beside the greedy one. */
  samples: number;
  /** Thinking tokens at which any chain is stopped while it is measured. */
  ceiling: number;
  /** Questions that the levels are run on, spread over all. */
  levelsOn: number;
  /** Questions at a time. */
  concurrency: number;
  /** Epoch ms. */
  now(): number;
  onProgress(stage: string, done: number, total: number): void;
  /** Told in a line what this model can't be measured in, and what these settings could not find out. */
  onNotice?(message: string): void;
};

/** Answers that the verdict is judged on, of right and of wrong ones each. */
const mostVerdicts = 150;
/** A share: with more chains than this at the ceiling, what a chain needs is not known. */
const mostCut = 0.1;

/**
 * Measures a model and gives its effort table: temperature, natural length, how many chains have to agree, which checks and
 * phases stay on, and the levels, run for real, with what each was chosen from.
 */
export async function calibrateTable(options: CalibrationOptions): Promise<EffortTable> {
  const { model, questions, before, log } = options;
  const answerTokens = before.answer_reserve_tokens;
  const compute = await chooseCompute({ ...options, answerTokens });
  const computes = compute.value;
  const temperature = await chooseTemperature({ ...options, answerTokens, computes });
  const measured = await forEachOf(questions, options, 'chains', (question, index) => {
    const seed = index + 1;
    const setting = { temperature: temperature.value, ceiling: options.ceiling, samples: options.samples, computes };
    const key = `chains ${JSON.stringify(setting)} ${seed} ${question.question}`;
    return log.remember(key, MeasuredQuestion, () =>
      measureQuestion(question, { ...setting, model, answerTokens, seed }),
    );
  });
  const chains = measured.flatMap((question) => question.chains);
  const natural = fitNatural(chains, options.ceiling);
  const greedy = greedyFigures(measured);
  const certainty = fitCertainty(measured);
  if (certainty.certainty === null) {
    options.onNotice?.(
      `Not fitted: the probability of its answers. That takes ${leastQuestions} questions, answered right and wrong.`,
    );
  }
  const cut = share(chains, (one) => one.stop !== 'natural' && one.thinkingTokens >= 0.9 * options.ceiling);
  if (cut > mostCut) {
    const percent = Math.round(100 * cut);
    options.onNotice?.(
      `${percent} % of its chains were stopped at ${options.ceiling} thinking tokens: --ceiling is too low.`,
    );
  }
  const { compute: _earlier, ...earlier } = before;
  const fitted = {
    ...earlier,
    model: model.id,
    // A model whose configuration says so needs no word of the table.
    ...(compute.figures !== null && { compute: computes }),
    natural_tokens: natural,
    // Further chains of a request at temperature 0 need one.
    temperature: temperature.value ?? temperature.warmest,
    own_sampling: temperature.value === null,
    greedy_first: greedy.pays,
    answer_reserve_tokens: Math.max(
      answerTokens,
      2 *
        quantile(
          chains.map((chain) => chain.answerTokens),
          0.99,
        ),
    ),
    certainty: certainty.certainty,
  };
  const plain = plainChecks({ computes });
  const checks = fitChecks(measured, plain, questions.map(setOf));
  const verdict = await judgeVerdict(options, measured);
  const { checks: _, ...unchecked } = fitted;
  const agreements = new Map(
    levelNames.map((name) => {
      const { samples } = ladder[name];
      return [samples, fitAgreement(measured, { samples, greedyFirst: greedy.pays })] as const;
    }),
  );
  const agreement = (samples: number) => {
    const { agree = 1, wave = 1, samples: seen = 1 } = agreements.get(samples)?.chosen ?? {};
    // Of more chains than were measured the same part has to agree.
    return samples === 1 ? { agree: 1, wave: 1 } : { agree: Math.max(2, Math.round((agree * samples) / seen)), wave };
  };
  const confident = fitConfident(measured, {
    agreement: { samples: ladder.medium.samples, ...agreement(ladder.medium.samples) },
    greedyFirst: greedy.pays,
    certainty: certainty.certainty,
  });
  const compare = await fitCompare(measured, {
    ...options,
    samples: ladder.high.samples,
    greedyFirst: greedy.pays,
  });
  const level = { natural, agreement, strategy: before.levels.medium.strategy };
  const chosen: Omit<EffortTable, 'levels'> = {
    ...unchecked,
    confident: confident.value,
    compare: compare.pays,
    ...checkDifferences({ plain, kept: checks.kept, verdict: verdict.check }),
  };
  const revisable: EffortTable = { ...chosen, levels: proposeLevels({ ...level, revise: true }) };
  const revised = await reviseFailed(options, measured, revisable);
  const revision = revisionTurned(revised);
  const revisionBySet = [
    ...bySet(
      revised,
      revised.map(({ set }) => set),
    ),
  ].map(([set, runs]) => [set, revisionTurned(runs)] as const);
  const revises = isWorthItOnEach(revisionBySet.map(([, turned]) => turned));
  if (!model.capabilities.rollback) {
    options.onNotice?.("Not measured: roll back. It can't go on with a begun thought, so its revisions ask anew.");
  }
  const proposed: EffortTable = {
    ...chosen,
    levels: proposeLevels({ ...level, revise: revises }),
  };
  const runs: Record<LevelName, LevelRun[]> = { low: [], medium: [], high: [], xhigh: [], max: [] };
  const spread = questions.map((question, index) => ({ question, seed: index + 1 })).filter(everyNth(options.levelsOn));
  for (const effort of levelNames) {
    runs[effort] = await forEachOf(spread, options, effort, ({ question, seed }) => {
      const { calibrated: _, levels, ...shared } = proposed;
      const key = `level ${JSON.stringify({ ...shared, level: levels[effort] })} ${seed} ${question.question}`;
      return log.remember(key, LevelRun, () => runLevel(question, { ...options, table: proposed, effort, seed }));
    });
  }
  const { levels, figures } = mergeLevels(proposed.levels, runs);
  if (levelNames.every((effort) => levels[effort] === levels.low)) {
    const asked = `${spread.length} ${spread.length === 1 ? 'question' : 'questions'}`;
    options.onNotice?.(
      `Every level does what low does: on ${asked} none was better. More of them (--levels-on), or harder ones, may tell.`,
    );
  }
  const auto =
    options.mixed === undefined
      ? { auto: before.auto, figures: null }
      : await calibrateAuto({ ...options, table: { ...proposed, levels }, questions: options.mixed });
  return {
    ...proposed,
    levels,
    auto: auto.auto,
    calibrated: {
      at: new Date(options.now()).toISOString(),
      questions: questions.length,
      figures: z.record(z.string(), z.unknown()).parse({
        compute: compute.figures,
        temperatures: temperature.figures,
        natural: {
          tokens: natural,
          ended_within: share(chains, (one) => one.stop === 'natural' && one.thinkingTokens <= natural),
        },
        greedy: greedy.figures,
        agreement: Object.fromEntries(
          [...agreements].map(([samples, { chosen: one, all }]) => [samples, { chosen: one, all }]),
        ),
        confident: confident.figures,
        compare: compare.figures,
        checks: checks.figures,
        revision: { ...revision, sets: Object.fromEntries(revisionBySet) },
        verdict: verdict.figures,
        certainty: certainty.figures,
        vote_right: Object.fromEntries([1, 3, 5, 8].map((n) => [n, votedShare(measured, n)])),
        any_right: share(measured, (question) => question.chains.some(({ right }) => right)),
        levels: figures,
        auto: auto.figures,
      }),
    },
  };
}

/** Whether the greedy chain is right more often than a sampled one, and by how much it has to be: one question in a hundred. */
function greedyFigures(measured: readonly MeasuredQuestion[]) {
  const greedyRight = share(measured, ({ chains }) => chains[0]?.right === true);
  const sampleRight = share(
    measured.flatMap(({ chains }) => chains.slice(1)),
    ({ right }) => right,
  );
  return { pays: greedyRight >= sampleRight + 0.01, figures: { greedy_right: greedyRight, sample_right: sampleRight } };
}

/** What the table says of checks: those that are worth nothing to this model, and its verdict where that is worth something. */
function checkDifferences({
  plain,
  kept,
  verdict,
}: {
  plain: readonly string[];
  kept: readonly string[];
  verdict: NamedCheck | undefined;
}): Pick<EffortTable, 'checks'> {
  const off = plain.filter((name) => !kept.includes(name) && registry.get(name)?.permanent !== true);
  const on = verdict === undefined ? [] : [verdict];
  return off.length + on.length === 0 ? {} : { checks: { off, on } };
}

/** The engine's own revisions, of greedy chains that a check found wrong. */
async function reviseFailed(options: CalibrationOptions, measured: readonly MeasuredQuestion[], table: EffortTable) {
  const failed = options.questions.flatMap((question, index) => {
    const greedy = measured[index]?.chains[0];
    return greedy?.checks.some(({ verdict }) => verdict === 'fail')
      ? [{ question, seed: index + 1, before: greedy.right, set: setOf(question) }]
      : [];
  });
  const alone = { ...table, levels: { ...table.levels, low: { ...table.levels.high, samples: 1 } } };
  return forEachOf(failed, options, 'revisions', async ({ question, seed, before, set }) => {
    const { calibrated: _, levels, ...shared } = alone;
    const key = `revise ${JSON.stringify({ ...shared, level: levels.low })} ${seed} ${question.question}`;
    const run = await options.log.remember(key, LevelRun, () =>
      runLevel(question, { ...options, table: alone, effort: 'low', seed }),
    );
    return { before, after: run.right, revised: run.revised, set };
  });
}

/** A model that can't score given text, or whose server turns out not to, has no verdict. */
async function judgeVerdict(options: CalibrationOptions, measured: readonly MeasuredQuestion[]) {
  const { model, prompts, log } = options;
  const none = (why: string) => {
    options.onNotice?.(`Not measured: its own verdict. ${why}`);
    return { check: undefined, figures: null };
  };
  if (!model.capabilities.score) return none('It gives no log-probabilities of given text.');
  const answers = balancedAnswers(measured, mostVerdicts);
  try {
    const judged = await forEachOf(answers, options, 'verdicts', async ({ question, answer, right }) => {
      const score = await log.remember(`verdict ${question} ${answer}`, z.number(), () =>
        verdictScore(model, prompts, { question, answer }),
      );
      return { score, right };
    });
    return fitVerdict(judged);
  } catch (error) {
    if (!(error instanceof ServiceError) || error.retryable) throw error;
    return none(error.message);
  }
}

function setOf({ set = 'all' }: CalibrationQuestion): string {
  return set;
}

/** Keeps `wanted` items, evenly spread. */
function everyNth(wanted: number): (item: unknown, index: number, all: readonly unknown[]) => boolean {
  const place = (index: number, total: number) => Math.floor((index * Math.min(wanted, total)) / total);
  return (_, index, all) => index === 0 || place(index, all.length) !== place(index - 1, all.length);
}

function share<Item>(items: readonly Item[], holds: (item: Item) => boolean): number {
  return items.filter(holds).length / items.length;
}
