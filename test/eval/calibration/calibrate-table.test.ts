import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { calibrateTable } from '../../../eval/calibration/calibrate-table.ts';
import { openMeasurementLog } from '../../../eval/calibration/measurement-log.ts';
import { EffortTable } from '../../../src/contracts/service/effort-table.ts';
import { ServiceError } from '../../../src/contracts/service/service-error.ts';
import { createOpenaiModel } from '../../../src/models/servers/openai-model.ts';
import { loadPrompts } from '../../../src/reasoning/prompts.ts';
import { createStrategies } from '../../../src/reasoning/strategies/index.ts';
import { createScriptedModel } from '../../support/scripted-language-model.ts';
import { startUpstreamServer } from '../../support/upstream-server.ts';
import { defaultTable } from './chains.ts';

const prompts = loadPrompts('prompts');
const questions = Array.from({ length: 12 }, (_, index) => ({
  kind: 'add',
  question: `What is ${index + 10} + 7?`,
  answer: String(index + 17),
}));

/** Fast it is always wrong; thinking, it is right in seven samples of ten, and says what it did. */
const scripted = () =>
  createScriptedModel({
    id: 'scripted',
    capabilities: { score: true },
    script({ request, random }) {
      const asked = request.prompt.messages.at(-1);
      const [a = 0, b = 0] = (asked?.content.match(/\d+/g) ?? []).map(Number);
      if (request.thinking === undefined) return { answer: 'The answer is 1.' };
      const sum = random() < 0.7 || request.sampling.temperature === 0 ? a + b : a + b + 1;
      return { thought: `${a} + ${b} = ${sum}. So the answer is ${sum}.`, answer: `The answer is ${sum}.` };
    },
    // Knows the right answers of two digits.
    score: ({ prompt }) => {
      const [a = 0, b = 0, said] = (prompt.messages.at(-1)?.content.match(/\d+/g) ?? []).map(Number);
      return said === a + b ? [-0.1, -3] : [-3, -0.1];
    },
  });

const settings = {
  prompts,
  strategies: createStrategies({ prompts }),
  questions,
  before: defaultTable,
  samples: 3,
  ceiling: 64,
  levelsOn: 5,
  concurrency: 3,
  now: () => 0,
  onProgress: () => {},
};

const flat = (asked: number) =>
  `Every level above medium does what medium does: on ${asked} questions none was better. More of them (--levels-on), or harder ones, may tell.`;

const noCertainty = 'Not fitted: the probability of its answers. That takes 40 questions, answered right and wrong.';

describe('calibrateTable', () => {
  it('measures a model from draft to levels, and goes on from what was measured', { timeout: 60_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'calibrate-'));
    const stages: string[] = [];
    const told: string[] = [];
    const run = async (model: ReturnType<typeof scripted>) =>
      calibrateTable({
        ...settings,
        model,
        log: await openMeasurementLog(join(folder, 'measured.jsonl')),
        onProgress: (stage, done) => done === 0 && stages.push(stage),
        onNotice: (message) => told.push(message),
      });
    const table = await run(scripted());
    expect(EffortTable.parse(table)).toEqual(table);
    expect(table.calibrated).toMatchObject({ questions: 12, at: '1970-01-01T00:00:00.000Z' });
    // The greedy chain is always right, a sampled one in seven of ten.
    expect(table).toMatchObject({ natural_tokens: 16, greedy_first: true });
    expect(table.levels.low).toMatchObject({ samples: 1, agree: 1 });
    expect(table.levels.low.checks).toBeUndefined();
    expect(table.checks?.off ?? []).not.toContain('arithmetic');
    // The greedy chain is always right: no level can be better than low, so all are merged with it.
    expect(table.levels.max).toEqual(table.levels.medium);
    expect(stages.slice(-5)).toEqual(['low', 'medium', 'high', 'xhigh', 'max']);

    expect(told).toEqual([noCertainty, flat(5)]);
    expect(table.certainty).toBeNull();

    const again = scripted();
    expect(await run(again)).toEqual(table);
    expect(again.calls).toHaveLength(0);
    await rm(folder, { recursive: true });
  });

  it.each([
    {
      dialect: 'vllm',
      abstained: [
        expect.stringMatching(/^Not measured: its own verdict\. The server behind far has no such model or route/),
      ],
    },
    {
      dialect: 'plain',
      abstained: [
        'Not measured: its own verdict. It does not return log-probabilities of given text.',
        "Not measured: roll back. It can't go on with a begun thought, so its revisions ask anew.",
      ],
    },
  ] as const)(
    'measures an upstream, and says what that can not be measured in: $dialect',
    {
      timeout: 60_000,
    },
    async ({ dialect, abstained }) => {
      const server = await startUpstreamServer({
        dialect,
        script: { thoughts: ['10 + 7 = 17.', ' So it is 17.'], answer: ['The answer is 17.'] },
        hides: ['/tokenize'],
      });
      const model = createOpenaiModel({
        kind: 'upstream',
        id: 'far',
        url: server.url,
        model: 'any',
        family: 'qwen3',
        dialect,
        contextLength: 2048,
        thoughtOpenedByTemplate: false,
        maxParallel: 4,
      });
      const told: string[] = [];
      const folder = await mkdtemp(join(tmpdir(), 'calibrate-'));
      const table = await calibrateTable({
        ...settings,
        model,
        questions: questions.slice(0, 4),
        log: await openMeasurementLog(join(folder, 'measured.jsonl')),
        onNotice: (message) => told.push(message),
      });
      await model.close();
      await server.close();
      await rm(folder, { recursive: true });
      expect(EffortTable.parse(JSON.parse(JSON.stringify(table)))).toMatchObject({
        model: 'far',
        calibrated: { questions: 4, figures: { greedy: { greedy_right: 0.25 }, verdict: null } },
      });
      expect(table.checks?.on ?? []).toEqual([]);
      expect(told).toEqual([noCertainty, ...abstained, flat(4)]);
    },
  );

  it('says that the ceiling cuts off what chains need', { timeout: 60_000 }, async () => {
    const told: string[] = [];
    const folder = await mkdtemp(join(tmpdir(), 'calibrate-'));
    const log = await openMeasurementLog(join(folder, 'measured.jsonl'));
    const onNotice = (message: string) => told.push(message);
    const table = await calibrateTable({ ...settings, model: scripted(), ceiling: 8, log, onNotice });
    await rm(folder, { recursive: true });
    expect(table.natural_tokens).toBe(8);
    expect(told).toContain('100 % of its chains were stopped at 8 thinking tokens: --ceiling is too low.');
  });

  it('a verdict that can not be had at the moment is no reason to do without', { timeout: 60_000 }, async () => {
    const model = scripted();
    const busy = new ServiceError({ code: 'model_unavailable', message: 'later', retryable: true });
    const folder = await mkdtemp(join(tmpdir(), 'calibrate-'));
    const log = await openMeasurementLog(join(folder, 'measured.jsonl'));
    const run = calibrateTable({ ...settings, model: { ...model, score: () => Promise.reject(busy) }, log });
    await expect(run).rejects.toBe(busy);
    await rm(folder, { recursive: true });
  });
});

describe('openMeasurementLog', () => {
  it('remembers nothing of another model that its id was put to', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'calibrate-'));
    const path = join(folder, 'measured.jsonl');
    const measured = async (of: string, value: number) =>
      (await openMeasurementLog(path, of)).remember('chains', z.number(), async () => value);
    expect(await measured('http://a big', 1)).toBe(1);
    expect(await measured('http://b big', 2)).toBe(2);
    expect(await measured('http://a big', 3)).toBe(1);
    await rm(folder, { recursive: true });
  });
});
