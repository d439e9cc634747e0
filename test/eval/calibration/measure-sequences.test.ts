import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { measureSequences, sequencesThatPay } from '../../../eval/calibration/measure-sequences.ts';
import { openMeasurementLog } from '../../../eval/calibration/measurement-log.ts';
import { createTestModel, type ScriptedModel } from '../../support/scripted-model.ts';

/** `stepMs`: how long a token takes, beside so many other chains. */
async function measured(stepMs: (chains: number) => number, batching = true) {
  let at = 0;
  const model: ScriptedModel = createTestModel({
    batched: true,
    capabilities: { batching },
    script: () => ({ thought: 'so '.repeat(200), answer: 'Done.' }),
    onStep: () => {
      at += stepMs(model.requests.at(-1)?.samples ?? 1);
    },
  });
  const folder = await mkdtemp(join(tmpdir(), 'sequences-'));
  try {
    const log = await openMeasurementLog(join(folder, 'measured.jsonl'));
    const run = () => measureSequences({ model, question: 'Why?', log, now: () => at, onProgress: () => {} });
    const result = await run();
    const asked = model.requests.length;
    expect(await run()).toEqual(result);
    expect(model.requests).toHaveLength(asked);
    return { ...result, asked: model.requests.map(({ samples }) => samples) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

it('measures the speed of 1, 2, 4 and 8 chains together, once', async () => {
  const { value, figures, asked } = await measured((chains) => 10 / chains);
  expect(asked).toEqual([1, 2, 4, 8, 1, 2, 4, 8]);
  expect(value).toBe(8);
  expect(figures?.map(({ sequences }) => sequences)).toEqual([1, 2, 4, 8]);
  const [one = 0, , , eight = 0] = figures?.map(({ tokensPerSecond }) => tokensPerSecond) ?? [];
  expect(one).toBeCloseTo(100, 0);
  expect(eight).toBeGreaterThan(7 * one);
});

it('one chain is as good as several where each takes its own time', async () => {
  expect(await measured(() => 10)).toMatchObject({ value: 1 });
});

it('nothing is measured of a model that runs one chain at a time', async () => {
  expect(await measured(() => 10, false)).toEqual({ value: undefined, figures: null, asked: [] });
});

it.each([
  [[25, 30, 31, 29], 2],
  [[77, 60, 55, 55], 1],
  [[79, 140, 190, 224], 8],
  [[0, 0, 0, 0], undefined],
])('of %j tokens a second the choice is %s', (rates, chosen) => {
  expect(sequencesThatPay(rates.map((tokensPerSecond, at) => ({ sequences: 2 ** at, tokensPerSecond })))).toBe(chosen);
});
