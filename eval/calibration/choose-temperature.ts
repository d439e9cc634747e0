import { z } from 'zod';
import type { LanguageModel } from '../../src/core/language-model.ts';
import type { Question } from '../generator/question.ts';
import { average } from '../statistics.ts';
import { votedShare } from './fit-phases.ts';
import { forEachOf } from './for-each-of.ts';
import { measureChains } from './measure-question.ts';
import { MeasuredChain, type MeasuredQuestion } from './measured-chain.ts';
import type { MeasurementLog } from './measurement-log.ts';

/** Null: the model's own settings. */
export const temperatures: readonly (number | null)[] = [null, 0.3, 0.5, 0.7, 0.9];

/** One in so many questions is used for the choice, with so many chains each. */
export const every = 4;
export const chainsEach = 5;

type TemperatureFigure = { temperature: number | null; one: number; vote: number; any: number };

/**
 * The temperature whose chains give the best vote; if equal, the model's own settings (`value` null), then the lower
 * one. `warmest`: the best one that is a number.
 */
export async function chooseTemperature(options: {
  model: LanguageModel;
  questions: readonly Question[];
  log: MeasurementLog;
  ceiling: number;
  answerTokens: number;
  computes: boolean;
  concurrency: number;
  onProgress(stage: string, done: number, total: number): void;
}): Promise<{ value: number | null; warmest: number; figures: TemperatureFigure[] }> {
  const { model, log, ceiling, answerTokens, computes } = options;
  const questions = options.questions.filter((_, index) => index % every === 0);
  const figures: TemperatureFigure[] = [];
  for (const temperature of temperatures) {
    const measured = await forEachOf(
      questions,
      options,
      `temperature ${temperature ?? 'of its own'}`,
      async (question, index) => {
        const setting = { temperature, ceiling, samples: chainsEach, computes };
        const seed = 1_000 + index;
        const key = `samples ${JSON.stringify(setting)} ${seed} ${question.question}`;
        const chains = await log.remember(key, z.array(MeasuredChain), () =>
          measureChains(question, { ...setting, model, answerTokens, seed }),
        );
        return { question: question.question, chains };
      },
    );
    figures.push(figureOf(temperature, measured));
  }
  const numbers = figures.filter(({ temperature }) => temperature !== null);
  return { value: bestTemperature(figures), warmest: bestTemperature(numbers) ?? 0.6, figures };
}

export function bestTemperature(figures: readonly TemperatureFigure[]): number | null {
  const warmth = ({ temperature }: TemperatureFigure) => temperature ?? -1;
  const [best] = figures.toSorted((a, b) => b.vote - a.vote || b.one - a.one || warmth(a) - warmth(b));
  return best?.temperature ?? null;
}

/** `vote` is the engine's own decision over the chains. */
export function figureOf(
  temperature: number | null,
  answered: ReadonlyArray<{ question: string; chains: readonly MeasuredChain[] }>,
): TemperatureFigure {
  const measured = answered.map(({ question, chains }): MeasuredQuestion => {
    return { question, draft: noDraft, chains: [...chains], handedOver: null };
  });
  return {
    temperature,
    one: average(measured.map(({ chains }) => average(chains.map(({ right }) => Number(right))))),
    vote: votedShare(measured, chainsEach),
    any: average(measured.map(({ chains }) => Number(chains.some(({ right }) => right)))),
  };
}

/** Empty, so that it has no vote. */
const noDraft: MeasuredChain = {
  source: 'draft',
  sample: null,
  thought: '',
  answer: '',
  right: false,
  stop: null,
  thinkingTokens: 0,
  answerTokens: 0,
  checks: [],
};
