import { createInterface } from 'node:readline/promises';
import { chainsEach, every, temperatures } from './choose-temperature.ts';
import { ladder, levelNames } from './fit-levels.ts';

/** The most that a calibration asks of a model: the chains that it samples, and their tokens including answers. */
type CalibrationCost = { chains: number; mostTokens: number };

type CostOptions = {
  questions: number;
  /** The questions on which effort auto is fitted, and whether only auto is. */
  mixed?: number;
  autoOnly?: boolean | undefined;
  samples: number;
  levelsOn: number;
  /** The most thinking tokens of one chain. */
  ceiling: number;
  /** The most tokens of one answer. */
  answerTokens: number;
};

/** Without the speed of parallel chains, revisions of failed chains and the model's own verdicts, which add a small part. */
export function calibrationCost(options: CostOptions): CalibrationCost {
  const { questions, samples, ceiling, answerTokens, mixed = 0 } = options;
  const ofLevels = levelNames.reduce((sum, name) => sum + ladder[name].samples, 0);
  // A fast answer is counted as a chain.
  const ofAuto = mixed * (1 + ladder.low.samples + ladder.medium.samples);
  if (options.autoOnly) return { chains: ofAuto, mostTokens: ofAuto * (ceiling + answerTokens) };
  const chains =
    ofAuto +
    temperatures.length * Math.ceil(questions / every) * chainsEach +
    questions * (1 + samples) +
    Math.min(options.levelsOn, questions) * ofLevels;
  return { chains, mostTokens: chains * (ceiling + answerTokens) };
}

/** One paragraph for the person who pays. `kept`: measurements of an earlier run. */
export function costText(model: string, { chains, mostTokens }: CalibrationCost, kept: number): string {
  const number = (value: number) => value.toLocaleString('en-US');
  const earlier = kept > 0 ? ` ${number(kept)} measurements of an earlier run are kept and cost nothing again.` : '';
  return `Calibrating ${model} samples up to ${number(chains)} chains: at most ${number(mostTokens)} tokens, less where its thoughts are short.${earlier}`;
}

/** Asks at the terminal. @throws Error if there is no terminal, or the user declines */
export async function askToSpend(question: string): Promise<void> {
  const how =
    'Add --yes to go on without being asked, or make it smaller (--generated, --spoken, --gsm8k, --samples, --levels-on).';
  if (!process.stdin.isTTY) throw new Error(`${question}\nThere is no terminal to ask at. ${how}`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} Go on? [y/N] `);
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new Error(`Nothing was measured. ${how}`);
}
