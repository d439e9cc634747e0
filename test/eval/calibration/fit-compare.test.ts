import { describe, expect, it } from 'vitest';
import { fitCompare, tiesAmong } from '../../../eval/calibration/fit-compare.ts';
import { loadPrompts } from '../../../src/reasoning/prompts.ts';
import { createTestModel } from '../../support/scripted-model.ts';
import { chain, question, times } from './chains.ts';

const tie = question([chain('2'), chain('1'), chain('3')]);
const clear = question([chain('1'), chain('1'), chain('2')]);

/** Replies with the letter of the answer that says `wanted`. */
const replying = (wanted: string) =>
  createTestModel({
    script: ({ prompt }) => ({
      answer: prompt.messages.at(-1)?.content.includes(`Answer A: The answer is ${wanted}.`) === true ? 'A' : 'B',
    }),
  });

const comparing = (wanted: string, ties: number) =>
  fitCompare([...times(ties, tie), clear], {
    model: replying(wanted),
    prompts: loadPrompts('prompts'),
    log: { kept: () => 0, remember: async (_key, _schema, measure) => measure() },
    concurrency: 2,
    samples: 2,
    greedyFirst: true,
    onProgress: () => undefined,
  });

describe('fitCompare', () => {
  it('looks at ties alone', () => {
    expect(tiesAmong([tie, clear], { samples: 2, greedyFirst: true })).toHaveLength(1);
  });

  it('switches the comparison on where it turns more answers right than wrong', async () => {
    expect(await comparing('1', 12)).toEqual({
      pays: true,
      figures: { ties: 12, decided: 12, wrongToRight: 12, rightToWrong: 0 },
    });
  });

  it('leaves it off where it prefers what is wrong, and where there were too few ties to tell', async () => {
    expect((await comparing('2', 12)).pays).toBe(false);
    expect(await comparing('1', 3)).toEqual({ pays: false, figures: null });
  });
});
