import type { Certainty } from '../../src/contracts/service/effort-table.ts';
import { type Candidate, needsRevision } from '../../src/reasoning/sampling/candidate.ts';
import { certaintyOf, type Standing, standingOf } from '../../src/reasoning/voting/certainty.ts';
import { decide } from '../../src/reasoning/voting/decide.ts';
import { isSettled, type Tally } from '../../src/reasoning/voting/vote.ts';
import { average } from '../statistics.ts';
import { candidateOfChain, type MeasuredChain, type MeasuredQuestion } from './measured-chain.ts';

/** One chain ends the thinking where its answer is right with this probability. */
export type Confident = { certainty: Certainty; probability: number };

/** How many chains a level runs, at most and at the same time, and how many of them must agree. */
type Agreement = { samples: number; agree: number; wave: number };

/** Means over all questions. `steps`: tokens decoded one after the other, with parallel chains counted once. */
type AgreementFigure = Agreement & { right: number; tokens: number; steps: number };

/** A share of all questions: how much accuracy stopping early may lose compared with running all chains. */
const mayLose = 0.005;
/** Relative to the fewest tokens: how much more may be spent for a shorter wait. */
const mayCost = 1.05;
const waves: readonly number[] = [1, 2, 3, 4, 5, 8];

/**
 * How many of a level's chains must agree, and how many start together: of the choices that lose nothing compared with
 * the vote of all chains, the one with the fewest tokens, and among equally cheap ones the fastest.
 */
export function fitAgreement(
  measured: readonly MeasuredQuestion[],
  options: { samples: number; greedyFirst: boolean; confident?: Confident },
): { chosen: AgreementFigure; all: AgreementFigure; tried: AgreementFigure[] } {
  const { greedyFirst, confident } = options;
  const samples = Math.min(options.samples, ...measured.map((question) => chainsOf(question, greedyFirst).length));
  const figure = (agreement: Agreement) =>
    figureOf(measured, { ...agreement, greedyFirst, ...(confident && { confident }) });
  const all = figureOf(measured, { samples, agree: samples + 1, wave: samples, greedyFirst });
  const agrees = Array.from({ length: Math.max(1, Math.ceil((samples + 1) / 2) - 1) }, (_, index) => index + 2);
  const tried = agrees.flatMap((agree) =>
    waves.filter((wave) => wave <= Math.max(1, samples)).map((wave) => figure({ samples, agree, wave })),
  );
  const keeps = tried.filter(({ right }) => right >= all.right - mayLose);
  const fewest = Math.min(...keeps.map(({ tokens }) => tokens));
  const [best] = keeps.filter(({ tokens }) => tokens <= fewest * mayCost).toSorted((a, b) => a.steps - b.steps);
  return { chosen: best ?? { ...all, agree: samples }, all, tried };
}

/** The probabilities that are tried, lowest first. */
const probabilities: readonly number[] = [0.8, 0.85, 0.9, 0.95, 0.98];

/**
 * The probability, according to `certainty`, at which one chain may end the thinking: the lowest that loses nothing
 * compared with waiting for others to agree, and saves tokens. Null if there is none.
 */
export function fitConfident(
  measured: readonly MeasuredQuestion[],
  options: { agreement: Agreement; greedyFirst: boolean; certainty: Certainty | null },
): { value: number | null; figures: Array<{ probability: number; right: number; tokens: number }> } {
  const { agreement, greedyFirst, certainty } = options;
  if (certainty === null) return { value: null, figures: [] };
  const figure = (probability: number) => {
    const confident = { certainty, probability };
    const runs = measured.map((question) => firstToAgree(question, { ...agreement, greedyFirst, confident }));
    return {
      probability,
      right: average(runs.map(({ right }) => Number(right))),
      tokens: average(runs.map(({ tokens }) => tokens)),
    };
  };
  const never = figure(2);
  const figures = probabilities.map(figure);
  const best = figures.find(({ right, tokens }) => right >= never.right - mayLose && tokens < never.tokens);
  return { value: best?.probability ?? null, figures: [never, ...figures] };
}

function figureOf(measured: readonly MeasuredQuestion[], options: Parameters<typeof firstToAgree>[1]): AgreementFigure {
  const { samples, agree, wave } = options;
  const runs = measured.map((question) => firstToAgree(question, options));
  return {
    samples,
    agree,
    wave,
    right: average(runs.map(({ right }) => Number(right))),
    tokens: average(runs.map(({ tokens }) => tokens)),
    steps: average(runs.map(({ steps }) => steps)),
  };
}

/** The chains that the service would run, in order. */
export function chainsOf({ chains: [greedy, ...samples] }: MeasuredQuestion, greedyFirst: boolean): MeasuredChain[] {
  return greedyFirst && greedy !== undefined ? [greedy, ...samples] : samples;
}

/**
 * One question as the engine would have run it with these chains: in waves, each stopped as soon as enough agree or no other
 * answer can win. Where `agree` is more than all, none is stopped.
 */
export function firstToAgree(
  question: MeasuredQuestion,
  options: Agreement & { greedyFirst: boolean; confident?: Confident },
): { right: boolean; tokens: number; steps: number } {
  const { samples, agree, wave, greedyFirst, confident } = options;
  const chains = chainsOf(question, greedyFirst).slice(0, samples);
  const ended: MeasuredChain[] = [];
  let tokens = 0;
  let steps = 0;
  for (let next = 0; next < chains.length; ) {
    const rows = chains.slice(next, next + (greedyFirst && next === 0 ? 1 : wave));
    next += rows.length;
    for (const row of rows.toSorted((a, b) => length(a) - length(b))) {
      ended.push(row);
      const { winner, tally, revisable, standing } = decided(question, ended);
      const open = chains.length - ended.length + revisable;
      const stops = agree <= samples && isSettled(tally, { agree, open });
      const probability = confident && standing && certaintyOf(standing, confident.certainty);
      const isSure = confident !== undefined && (probability ?? 0) >= confident.probability;
      if (!stops && !isSure) continue;
      const spent = rows.reduce((sum, one) => sum + Math.min(length(one), length(row)), 0);
      return { right: winner?.right ?? false, tokens: tokens + spent, steps: steps + length(row) };
    }
    tokens += rows.reduce((sum, row) => sum + length(row), 0);
    steps += Math.max(...rows.map(length));
  }
  return { right: decided(question, ended).winner?.right ?? false, tokens, steps };
}

function length({ thinkingTokens, answerTokens }: MeasuredChain): number {
  return thinkingTokens + answerTokens;
}

/** Cached, because each chain is read in many replays. */
const read = new WeakMap<MeasuredChain, Candidate>();

function readOnce(chain: MeasuredChain, question: string): Candidate {
  const known = read.get(chain) ?? candidateOfChain(chain, question);
  read.set(chain, known);
  return known;
}

/** The engine's own decision over these chains, the votes, and how many of the chains it would revise. */
export function decided(
  { question }: Pick<MeasuredQuestion, 'question'>,
  chains: readonly MeasuredChain[],
): { winner: MeasuredChain | undefined; tally: Tally; revisable: number; standing: Standing | undefined } {
  const candidates = chains.map((chain) => readOnce(chain, question));
  const { winner, tally } = decide(candidates, { filter: true, vote: true });
  const chain = winner === undefined ? undefined : chains[candidates.indexOf(winner)];
  const standing =
    winner === undefined || chain === undefined
      ? undefined
      : { ...standingOf(winner, candidates), computed: chain.computed };
  return { winner: chain, tally, revisable: candidates.filter(needsRevision).length, standing };
}
