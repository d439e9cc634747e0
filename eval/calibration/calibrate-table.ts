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
import { measureSequences } from './measure-sequences.ts';
import { MeasuredQuestion } from './measured-chain.ts';
import type { MeasurementLog } from './measurement-log.ts';
import { LevelRun, runLevel } from './run-level.ts';
import { balancedAnswers, fitVerdict, verdictScore } from './verdict-worth.ts';

/** `set`: the set it comes from; a phase must pay on each set. */
export type CalibrationQuestion = Question & { set?: string };

type CalibrationOptions = {
  model: LanguageModel;
  prompts: Prompts;
  strategies: ReadonlyMap<string, Strategy>;
  questions: readonly CalibrationQuestion[];
  /** The questions for fitting `auto`: easy, hard and open ones. Absent: `auto` is not changed. */
  mixed?: readonly SetQuestion[];
  /** The table before calibration: what cannot be measured is not changed. */
  before: EffortTable;
  log: MeasurementLog;
  /** Chains in addition to the greedy one. */
  samples: number;
  /** The thinking tokens at which a chain is stopped while it is measured. */
  ceiling: number;
  /** How many questions the levels are run on, spread over all. */
  levelsOn: number;
  /** Questions at the same time. */
  concurrency: number;
  /** Epoch ms. */
  now(): number;
  onProgress(stage: string, done: number, total: number): void;
  /** Called with a line about what this model cannot be measured in, or what these settings could not show. */
  onNotice?(message: string): void;
};

/** The most answers to judge the verdict on, half of them right and half wrong. */
const mostVerdicts = 150;
/** A share: if more chains reach the ceiling, their natural length is unknown. */
const mostCut = 0.1;

/**
 * Measures a model and returns its effort table: temperature, natural length, how many chains must agree, which checks
 * and phases stay on, and the levels, which are really run, with the figures behind each choice.
 */
export async function calibrateTable(options: CalibrationOptions): Promise<EffortTable> {
  const { model, questions, before, log } = options;
  const answerTokens = before.answer_reserve_tokens;
  const sequences = await measureSequences({ ...options, question: questions[0]?.question ?? '' });
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
  const certainty = fitCertainty(measured, { greedyFirst: greedy.pays });
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
  const { compute: _earlier, sequences: _before, ...earlier } = before;
  const fitted = {
    ...earlier,
    model: model.id,
    // If the model's configuration says so, the table need not.
    ...(compute.figures !== null && { compute: computes }),
    ...(sequences.value !== undefined && { sequences: sequences.value }),
    natural_tokens: natural,
    // Further chains of a request at temperature 0 need a temperature.
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
  // What one sure chain saves is known only where no other has begun beside it.
  const confident = fitConfident(measured, {
    agreement: { samples: ladder.medium.samples, agree: 2, wave: 1 },
    greedyFirst: greedy.pays,
    certainty: certainty.certainty,
  });
  const sure =
    certainty.certainty === null || confident.value === null
      ? {}
      : { confident: { certainty: certainty.certainty, probability: confident.value } };
  const agreements = new Map(
    levelNames.map((name) => {
      const { samples } = ladder[name];
      return [samples, fitAgreement(measured, { samples, greedyFirst: greedy.pays, ...sure })] as const;
    }),
  );
  const agreement = (samples: number) => {
    const { agree = 1, wave = 1, samples: seen = 1 } = agreements.get(samples)?.chosen ?? {};
    // Of more chains than were measured the same part has to agree.
    return samples === 1 ? { agree: 1, wave: 1 } : { agree: Math.max(2, Math.round((agree * samples) / seen)), wave };
  };
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
  if ([levels.high, levels.xhigh, levels.max].every((level) => level === levels.medium)) {
    const asked = `${spread.length} ${spread.length === 1 ? 'question' : 'questions'}`;
    options.onNotice?.(
      `Every level above medium does what medium does: on ${asked} none was better. More of them (--levels-on), or harder ones, may tell.`,
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
        sequences: sequences.figures,
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

/** Whether the greedy chain is right more often than a sampled one, by at least one question in a hundred. */
function greedyFigures(measured: readonly MeasuredQuestion[]) {
  const greedyRight = share(measured, ({ chains }) => chains[0]?.right === true);
  const sampleRight = share(
    measured.flatMap(({ chains }) => chains.slice(1)),
    ({ right }) => right,
  );
  return { pays: greedyRight >= sampleRight + 0.01, figures: { greedy_right: greedyRight, sample_right: sampleRight } };
}

/**
 * The table's entry for checks: off if they are of no use to this model; the model's own verdict on if it is useful.
 */
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

/** Runs the engine's own revisions of greedy chains that a check found wrong. */
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

/** A model that cannot score given text, or whose server turns out not to, has no verdict of its own. */
async function judgeVerdict(options: CalibrationOptions, measured: readonly MeasuredQuestion[]) {
  const { model, prompts, log } = options;
  const none = (why: string) => {
    options.onNotice?.(`Not measured: its own verdict. ${why}`);
    return { check: undefined, figures: null };
  };
  if (!model.capabilities.score) return none('It does not return log-probabilities of given text.');
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
