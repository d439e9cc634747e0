import { describe, expect, it } from 'vitest';
import { bestTemperature, figureOf } from '../../../eval/calibration/choose-temperature.ts';
import { firstToAgree, fitAgreement, fitConfident } from '../../../eval/calibration/fit-agreement.ts';
import { fitNatural, mergeLevels } from '../../../eval/calibration/fit-levels.ts';
import {
  fitChecks,
  isWorthIt,
  isWorthItOnEach,
  revisionTurned,
  votedShare,
} from '../../../eval/calibration/fit-phases.ts';
import { balancedAnswers, fitVerdict } from '../../../eval/calibration/verdict-worth.ts';
import { chain, defaultTable, judged, question, times } from './chains.ts';

describe('fitAgreement', () => {
  const eight = (...answers: string[]) => question(answers.map((answer) => chain(answer)));
  const agreed = eight('1', '1', '1', '1', '1', '1', '1', '1');
  /** The first three agree on what is wrong, all the others on what is right. */
  const turns = eight('2', '2', '2', '1', '1', '1', '1', '1');
  const options = { samples: 8, greedyFirst: true };

  it('asks for two where that loses nothing', () => {
    const { chosen, all } = fitAgreement(times(3, agreed), options);
    expect(chosen).toMatchObject({ agree: 2, wave: 1, right: 1, tokens: 30 });
    expect(all).toMatchObject({ samples: 8, right: 1, tokens: 120 });
  });

  it('asks for more where votes turn late', () => {
    const { chosen, all } = fitAgreement([...times(3, agreed), ...times(3, turns)], options);
    expect(all.right).toBe(1);
    expect(chosen.agree).toBeGreaterThan(3);
    expect(chosen.right).toBe(1);
  });

  it('begins several at once where a few chains are far longer than the others', () => {
    const long = { thinkingTokens: 1000 };
    const tailed = question([chain('1'), chain('1', long), chain('1'), chain('1'), chain('1', long), chain('1')]);
    const { chosen } = fitAgreement(times(3, tailed), { samples: 5, greedyFirst: false });
    expect(chosen.wave).toBeGreaterThan(1);
    expect(chosen.tokens).toBeLessThan(100);
  });

  it('begins one at a time where one sure chain is enough', () => {
    const sure = { certainty: { questions: 1_000, intercept: 4, features: {} }, probability: 0.8 };
    const slow = { thinkingTokens: 100 };
    const tailed = question([chain('1', slow), chain('1', slow), chain('1', slow)]);
    const three = { samples: 3, greedyFirst: true };
    expect(fitAgreement(times(3, tailed), { ...three, confident: sure }).chosen).toMatchObject({
      wave: 1,
      tokens: 105,
    });
    expect(fitAgreement(times(3, tailed), three).chosen.tokens).toBe(210);
  });

  it('stops the others when enough agree, and counts what they had spent by then', () => {
    const slow = { thinkingTokens: 95 };
    const asked = question([chain('1'), chain('1'), chain('1', slow), chain('1')]);
    const run = firstToAgree(asked, { samples: 3, agree: 2, wave: 3, greedyFirst: false });
    expect(run).toEqual({ right: true, tokens: 45, steps: 15 });
  });

  it('stops the last where it can at best make a tie, but not where all are to be run', () => {
    const slow = { thinkingTokens: 95 };
    const asked = question([chain('9'), chain('1'), chain('2'), chain('1'), chain('3'), chain('2', slow)]);
    const five = { samples: 5, wave: 5, greedyFirst: false };
    expect(firstToAgree(asked, { ...five, agree: 3 })).toEqual({ right: true, tokens: 75, steps: 15 });
    expect(firstToAgree(asked, { ...five, agree: 6 })).toMatchObject({ tokens: 160, steps: 100 });
  });
});

describe('fitConfident', () => {
  const agreement = { samples: 3, agree: 2, wave: 1 };
  /** What is thought in few tokens is surely right here, anything longer is as likely wrong. */
  const certainty = {
    questions: 1_000,
    intercept: 0,
    features: { length: { mean: Math.log(11), deviation: 0.1, weight: -4 } },
  };
  const short = { thinkingTokens: 5 };
  const sure = question([chain('1', short), chain('1'), chain('1')]);
  const unsure = question([chain('2'), chain('1'), chain('1')]);

  it('lets one chain end it where that loses nothing', () => {
    const { value, figures } = fitConfident([sure, unsure], { agreement, greedyFirst: true, certainty });
    expect(value).toBe(0.8);
    expect(figures[0]).toMatchObject({ right: 1, tokens: 35 });
    expect(figures[1]).toMatchObject({ probability: 0.8, right: 1, tokens: 27.5 });
  });

  it('lets none where it would cost right answers, or nothing is calibrated', () => {
    const wrong = question([chain('2', short), chain('1'), chain('1')]);
    const given = { agreement, greedyFirst: true };
    expect(fitConfident([sure, wrong], { ...given, certainty }).value).toBeNull();
    expect(fitConfident([sure, unsure], { ...given, certainty: null }).value).toBeNull();
  });
});

describe('what stays on', () => {
  it('keeps a check that puts votes right and drops one that puts them wrong', () => {
    const helps = question([chain('2', { checks: [judged('fail', 'value', 'good')] }), chain('1')]);
    const harms = question([chain('1', { checks: [judged('fail', 'value', 'bad')] }), chain('2')]);
    const { kept, figures } = fitChecks([helps, harms], ['good', 'bad', 'silent']);
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
    expect(votedShare(measured, 1)).toBe(0);
    expect(votedShare(measured, 3)).toBe(1);
  });
});

describe('fitNatural', () => {
  it('is the length within which 95 % of chains end by themselves, in round numbers', () => {
    const chains = [
      ...times(95, chain('1', { thinkingTokens: 100 })),
      ...times(5, chain('1', { thinkingTokens: 400 })),
    ];
    expect(fitNatural(chains, 1024)).toBe(112);
    expect(fitNatural([...chains, chain('1', { thinkingTokens: 400 })], 1024)).toBe(416);
  });

  it('is the ceiling where too many were stopped there', () => {
    expect(fitNatural([...times(9, chain('1')), chain('1', { stop: 'budget', thinkingTokens: 512 })], 512)).toBe(512);
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

  it('keeps medium, whose verdict rests on agreement, and merges what is no better with it', () => {
    const runs = { low: run(6, 100), medium: run(5, 200), high: run(5, 400), xhigh: run(5, 600), max: run(5, 900) };
    const { levels } = mergeLevels(defaultTable.levels, runs);
    const { low, medium } = defaultTable.levels;
    expect(levels).toEqual({ low, medium, high: medium, xhigh: medium, max: medium });
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
    const figures = [figureOf(0.3, times(12, same)), figureOf(0.7, times(12, mixed))];
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

  it('is left to the model where its own settings are as good', () => {
    const figure = { one: 0.5, vote: 0.5, any: 0.5 };
    expect(
      bestTemperature([
        { temperature: 0.3, ...figure },
        { temperature: null, ...figure },
      ]),
    ).toBeNull();
  });
});
