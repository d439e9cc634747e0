import { describe, expect, it } from 'vitest';
import { bestTemperature, figureOf } from '../../../eval/calibration/choose-temperature.ts';
import { fitBallots } from '../../../eval/calibration/fit-ballots.ts';
import { fitCap, mergeLevels } from '../../../eval/calibration/fit-levels.ts';
import {
  fitChecks,
  isWorthIt,
  isWorthItOnEach,
  revisionTurned,
  votedShare,
} from '../../../eval/calibration/fit-phases.ts';
import { fitSettled } from '../../../eval/calibration/fit-settled.ts';
import { balancedAnswers, fitVerdict } from '../../../eval/calibration/verdict-worth.ts';
import { logOdds } from '../../../eval/statistics.ts';
import { chain, defaultTable, judged, question, times } from './chains.ts';

const before = defaultTable.ballot_weights;

describe('fitBallots', () => {
  it('gives each source its own log-odds, and leaves one that was hardly seen as it was', () => {
    const measured = [
      ...times(30, question([chain('1'), chain('2')])),
      ...times(10, question([chain('2'), chain('1')], { draft: chain('1', { source: 'draft', sample: null }) })),
    ];
    const { weights, figures } = fitBallots(measured, before);
    expect(weights.greedy).toBeCloseTo(logOdds(30, 40), 3);
    expect(weights.sample).toBeCloseTo(logOdds(10, 40), 3);
    expect(weights.draft).toBeCloseTo(logOdds(10, 40), 3);
    expect(weights.revised).toBe(before.revised);
    expect(figures.sources['greedy']).toEqual({ answers: 40, right: 30 });
  });

  it('adds what the line checks are worth', () => {
    const sound = { checks: [judged('pass', 'line')] };
    const unsound = { checks: [judged('fail', 'line')] };
    const measured = times(20, question([chain('1', sound), chain('2', unsound)]));
    const { weights } = fitBallots(measured, before);
    expect(weights.sound).toBeGreaterThan(2);
    expect(weights.unsound).toBeLessThan(-2);
  });

  it('takes chains that were cut out of the sources that ended by themselves', () => {
    const measured = times(20, question([chain('1'), chain('2', { stop: 'budget' })]));
    expect(fitBallots(measured, before).figures.sources['sample']).toEqual({ answers: 0, right: 0 });
  });

  it('weighs self-certainty only where it tells right from wrong', () => {
    const telling = times(30, question([chain('1', { selfCertainty: 20 }), chain('2', { selfCertainty: 18 })]));
    const noise = [
      ...times(15, question([chain('1', { selfCertainty: 20 }), chain('2', { selfCertainty: 18 })])),
      ...times(15, question([chain('1', { selfCertainty: 18 }), chain('2', { selfCertainty: 20 })])),
    ];
    expect(fitBallots(telling, before).figures.selfCertaintyAuc).toBe(1);
    expect(fitBallots(noise, before).selfCertaintyWeight).toBe(0);
    const mostly = [...times(24, telling), ...times(6, noise.slice(15))].flat();
    expect(fitBallots(mostly, before).selfCertaintyWeight).toBeGreaterThan(0);
  });
});

describe('fitSettled', () => {
  const agreed = question([
    chain('1'),
    chain('1'),
    chain('1'),
    chain('1'),
    chain('1'),
    chain('1'),
    chain('1'),
    chain('1'),
  ]);
  /** The first three agree on what is wrong, all the others on what is right. */
  const turns = question([
    chain('2'),
    chain('2'),
    chain('2'),
    chain('1'),
    chain('1'),
    chain('1'),
    chain('1'),
    chain('1'),
  ]);

  it('stops early where that loses nothing', () => {
    const { value, figures } = fitSettled(times(50, agreed), defaultTable);
    expect(value).toBe(0.7);
    const [whole, ...stopped] = figures.bare;
    expect(whole).toEqual({ probability: 1.1, right: 1, tokens: 120 });
    expect(stopped.at(-1)?.tokens).toBeLessThan(120);
  });

  it('keeps thinking where votes turn late', () => {
    const { value, figures } = fitSettled([...times(10, agreed), ...times(10, turns)], defaultTable);
    expect(figures.bare[0]?.right).toBe(1);
    expect(figures.bare.at(-1)?.right).toBeLessThan(1);
    expect(value).toBe(0.95);
  });
});

describe('what stays on', () => {
  it('keeps a check that puts votes right and drops one that puts them wrong', () => {
    const helps = question([chain('2', { checks: [judged('fail', 'value', 'good')] }), chain('1')]);
    const harms = question([chain('1', { checks: [judged('fail', 'value', 'bad')] }), chain('2')]);
    const { kept, figures } = fitChecks([helps, harms], defaultTable, ['good', 'bad', 'silent']);
    expect(kept).toEqual(['good', 'silent']);
    expect(figures['good']).toEqual({ wrongToRight: 1, rightToWrong: 0, failed: 1, failedRight: 0 });
    expect(figures['bad']).toEqual({ wrongToRight: 0, rightToWrong: 1, failed: 1, failedRight: 1 });
  });

  it('asks for twice as many put right as put wrong', () => {
    expect(isWorthIt({ wrongToRight: 4, rightToWrong: 2 })).toBe(true);
    expect(isWorthIt({ wrongToRight: 3, rightToWrong: 2 })).toBe(false);
    const helps = { wrongToRight: 40, rightToWrong: 0 };
    expect(isWorthItOnEach([helps, { wrongToRight: 0, rightToWrong: 0 }])).toBe(true);
    expect(isWorthItOnEach([helps, { wrongToRight: 5, rightToWrong: 4 }])).toBe(false);
  });

  it('counts what revisions turned, and leaves out what was not revised', () => {
    const runs = [
      { before: false, after: true, revised: true },
      { before: true, after: false, revised: true },
      { before: true, after: true, revised: true },
      { before: false, after: true, revised: false },
    ];
    expect(revisionTurned(runs)).toEqual({ answers: 3, right: 2, wrongToRight: 1, rightToWrong: 1 });
  });

  it('votes over as many chains as a level has', () => {
    const measured = [question([chain('2'), chain('1'), chain('1')])];
    expect(votedShare(measured, defaultTable, 1)).toBe(0);
    expect(votedShare(measured, defaultTable, 3)).toBe(1);
  });
});

describe('fitCap', () => {
  it('lets 95 % of chains end by themselves, in round lengths', () => {
    const chains = [
      ...times(95, chain('1', { thinkingTokens: 100 })),
      ...times(5, chain('1', { thinkingTokens: 400 })),
    ];
    expect(fitCap(chains, 1024)).toBe(112);
    expect(fitCap([...chains, chain('1', { thinkingTokens: 400 })], 1024)).toBe(416);
  });

  it('goes to the ceiling where too many never end', () => {
    expect(fitCap([...times(9, chain('1')), chain('1', { stop: 'loop', thinkingTokens: 50 })], 512)).toBe(512);
  });
});

describe('mergeLevels', () => {
  const run = (right: number, tokens: number) =>
    Array.from({ length: 10 }, (_, index) => ({ right: index < right, tokens, source: 'vote', revised: false }));

  it('merges a level that isn’t better with the best one below', () => {
    const runs = { low: run(5, 100), medium: run(7, 200), high: run(7, 400), xhigh: run(8, 600), max: run(6, 900) };
    const { levels, figures } = mergeLevels(defaultTable.levels, runs);
    expect(levels).toEqual({
      low: defaultTable.levels.low,
      medium: defaultTable.levels.medium,
      high: defaultTable.levels.medium,
      xhigh: defaultTable.levels.xhigh,
      max: defaultTable.levels.xhigh,
    });
    expect(figures['high']).toMatchObject({ mergedWith: 'medium', tokens: 400 });
    expect(figures['xhigh']?.againstBelow?.value).toBeCloseTo(0.1);
    expect(figures['xhigh']?.mergedWith).toBeUndefined();
  });
});

describe('the model’s own verdict', () => {
  it('is judged on as many right answers as wrong ones, one of a question each', () => {
    const measured = [question([chain('1'), chain('1'), chain('2')]), question([chain('3')]), question([chain('4')])];
    const answers = balancedAnswers(measured, 10);
    expect(answers.map(({ right }) => right)).toEqual([true, false]);
  });

  it('has a vote from an area of 0.75 on, with thresholds that spare nine in ten', () => {
    const scores = (right: boolean, from: number) =>
      Array.from({ length: 10 }, (_, index) => ({ score: from + index, right }));
    const good = fitVerdict([...scores(true, 5), ...scores(false, 0)]);
    expect(good.check).toEqual({ type: 'self-verdict', fail_below: 5, pass_above: 8 });
    expect(fitVerdict([...scores(true, 1), ...scores(false, 0)]).check).toBeUndefined();
    expect(fitVerdict([]).check).toBeUndefined();
  });
});

describe('the temperature', () => {
  it('is the one whose chains the engine decides best on, not the one that is best alone', () => {
    const same = { question: 'What is it?', chains: times(5, chain('2', { checks: [judged('fail', 'line')] })) };
    const mixed = {
      question: 'What is it?',
      chains: [
        ...times(3, chain('2', { checks: [judged('fail', 'line')] })),
        ...times(2, chain('1', { checks: [judged('pass', 'line')] })),
      ],
    };
    const figures = [figureOf(0.3, times(12, same), defaultTable), figureOf(0.7, times(12, mixed), defaultTable)];
    expect(figures[1]).toMatchObject({ one: expect.closeTo(0.4), any: 1, vote: 1 });
    expect(bestTemperature(figures)).toBe(0.7);
  });

  it('is the lower one of equals', () => {
    const figure = { one: 0.5, vote: 0.5, any: 0.5 };
    expect(
      bestTemperature([
        { temperature: 0.9, ...figure },
        { temperature: 0.5, ...figure },
      ]),
    ).toBe(0.5);
  });
});
