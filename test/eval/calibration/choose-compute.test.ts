import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseCompute, equationsOf } from '../../../eval/calibration/choose-compute.ts';
import { openMeasurementLog } from '../../../eval/calibration/measurement-log.ts';
import { createScriptedModel } from '../../support/scripted-language-model.ts';

const questions = Array.from({ length: 40 }, (_, index) => ({
  kind: 'add',
  question: `What is ${index + 10} + 7?`,
  answer: String(index + 17),
}));

/** Without computing, it is wrong in every third question of those that are asked. */
const often = (a: number) => a % 6 === 0;

/** It slips without computing where `slips` says so; what it writes for a value is `written`. */
async function chosen(options: {
  slips: (a: number) => boolean;
  written?: (sum: number) => string;
  computesByDefault?: true;
  compute?: boolean;
}) {
  const { written = String, compute = true, computesByDefault } = options;
  let asked = 0;
  const model = createScriptedModel({
    id: 'scripted',
    capabilities: { compute, ...(computesByDefault && { computesByDefault }) },
    script({ request }) {
      asked += 1;
      const [a = 0, b = 0] = (request.prompt.messages.at(-1)?.content.match(/\d+/g) ?? []).map(Number);
      const computed = request.thinking?.computeTokens !== undefined;
      const sum = computed || !options.slips(a) ? a + b : a + b + 1;
      const value = computed ? String(sum) : written(sum);
      return { thought: `${a} + ${b} = ${value}.`, answer: `The answer is ${sum}.` };
    },
  });
  const folder = await mkdtemp(join(tmpdir(), 'compute-'));
  try {
    const log = await openMeasurementLog(join(folder, 'measured.jsonl'));
    const settings = { ceiling: 64, answerTokens: 32, concurrency: 2, onProgress: () => {} };
    return { ...(await chooseCompute({ model, questions, log, ...settings })), asked };
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('chooseCompute', () => {
  it('is on where more answers are right with it and the values are those that the model writes', async () => {
    expect(await chosen({ slips: often })).toMatchObject({
      value: true,
      figures: { questions: 20, rightWithout: 13, rightWith: 20, gained: 7, lost: 0, equations: 13, differing: 0 },
    });
  });

  it('is off where it turns nothing right, or no more than chance explains', async () => {
    expect(await chosen({ slips: () => false })).toMatchObject({ value: false, figures: { rightWith: 20 } });
    expect(await chosen({ slips: (a) => a === 12 })).toMatchObject({ value: false, figures: { gained: 1, lost: 0 } });
  });

  it('is off where right chains write their values otherwise', async () => {
    const spoken = (sum: number) => `${sum}.0`;
    expect(await chosen({ slips: often, written: spoken })).toMatchObject({
      value: false,
      figures: { differing: 13 },
    });
  });

  it('measures nothing where the model itself says so, or where nothing can be computed', async () => {
    const says = { value: true, figures: null, asked: 0 };
    expect(await chosen({ slips: () => true, computesByDefault: true })).toEqual(says);
    expect(await chosen({ slips: () => true, compute: false })).toEqual({ ...says, value: false });
  });
});

describe('equationsOf', () => {
  it.each([
    ['5 × 12 = 60. So 60 + 2 = 62.', 2, 0],
    ['5 × 12 = 61.', 1, 1],
    ['5 × 12 = 600.', 1, 1],
    ['5 × 12 = 60.5', 1, 1],
    ['5 × 12 == 60, 5 × 12 >= 2, 5 × 12 => 60', 0, 0],
    ['x = 4\n```\na = 5 * 3\n```\n2 + 2 = 4', 1, 0],
    ['2 + 3 =', 1, 1],
  ])('%j has %i of which %i differ', (thought, equations, differing) => {
    expect(equationsOf(thought)).toEqual({ equations, differing });
  });
});
