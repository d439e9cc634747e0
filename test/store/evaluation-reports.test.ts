import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Report } from '../../eval/report-file.ts';
import { summarise } from '../../eval/summary.ts';
import { EvaluationList } from '../../src/contracts/service/evaluation.ts';
import { createEvaluationReports } from '../../src/store/evaluation-reports.ts';
import { createApi } from '../api/responses/fixture.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thinkfirst-eval-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const row = (arm: string, number: number, right: boolean) => ({
  fingerprint: '',
  arm,
  row: number,
  kind: number % 2 === 0 ? 'add' : 'sub',
  question: 'q',
  expected: '4',
  response: 'resp_1',
  status: 'completed',
  output: '4',
  right,
  source: 'vote',
  thinking_stop: null,
  input_tokens: 9,
  output_tokens: 20,
  phases: { draft: 2, think: 10, check: 0, revise: 0, forced: 0, discarded: 3, answer: 5 },
  seconds: 0.5,
  steps: [
    { phase: 'think', sample: 0, answer: '4', right, rejected: false, wrongLines: 0, stop: 'natural', tokens: 10 },
  ],
});

/** What `npm run eval` writes, from the very code that writes it. */
const report = (set: string, measuredAt = '2023-11-14T22:13:20Z') => {
  const rows = [row('none', 1, false), row('none', 2, true), row('high', 1, true), row('high', 2, true)];
  const arms = summarise(rows, ['none', 'high']);
  return JSON.stringify(Report.parse({ set, model: 'tiny', concurrency: 8, measuredAt, arms }));
};

test('committed results and the runs of this machine are served, newest first; what is no report is told', async () => {
  const [results, runs] = [join(folder, 'results'), join(folder, 'runs')];
  await mkdir(results);
  await mkdir(join(runs, 'mine-tiny'), { recursive: true });
  await mkdir(join(runs, 'unfinished'));
  await writeFile(join(results, 'generated-tiny.json'), report('generated'));
  await writeFile(join(results, 'broken.json'), '{"set": 1}');
  await writeFile(join(runs, 'mine-tiny', 'report.json'), report('mine', '2026-01-01T00:00:00Z'));
  const faults: string[] = [];
  const evaluations = createEvaluationReports({ results, runs, onFault: ({ file }) => faults.push(file) });
  const { app } = createApi({ evaluations });
  const list = EvaluationList.parse(await (await app.request('/v1/evaluations')).json());
  expect(list.data.map(({ id, set }) => [id, set])).toEqual([
    ['run-mine-tiny', 'mine'],
    ['generated-tiny', 'generated'],
  ]);
  expect(list.data[1]).toMatchObject({
    created_at: 1_700_000_000,
    arms: [
      { arm: 'none', against_fast: null, accuracy: { value: 0.5 } },
      { arm: 'high', against_fast: { gained: 1, lost: 0 }, output_tokens: 20, thinking_tokens: 15 },
    ],
  });
  expect(list.data[1]?.arms[1]?.phases.map(({ phase }) => phase)).toContain('greedy chain');
  expect(faults).toEqual([join(results, 'broken.json')]);
});

test('a report has the date that it was measured at, not its file’s; without one it has none and is last', async () => {
  const undated = { ...JSON.parse(report('undated')), measuredAt: undefined };
  await writeFile(join(folder, 'undated.json'), JSON.stringify(undated));
  await writeFile(join(folder, 'old.json'), report('old', '2001-09-09T01:46:40Z'));
  const evaluations = createEvaluationReports({ results: folder, runs: join(folder, 'none'), onFault: () => {} });
  expect((await evaluations()).map(({ set, created_at }) => [set, created_at])).toEqual([
    ['old', 1_000_000_000],
    ['undated', null],
  ]);
});

test('the repository’s own reports have a date, and say that they came with Thinkfirst', async () => {
  const results = fileURLToPath(new URL('../../eval/results', import.meta.url));
  const files = (await readdir(results)).filter((name) => name.endsWith('.json'));
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) {
    expect(JSON.parse(await readFile(join(results, file), 'utf8')), file).toMatchObject({
      measuredAt: expect.stringMatching(/^20\d\d-/),
      cameWith: 'Thinkfirst',
    });
  }
  const evaluations = createEvaluationReports({ results, runs: join(folder, 'none'), onFault: () => {} });
  for (const { came_with } of await evaluations()) expect(came_with).toBe('Thinkfirst');
});

test('a service without reports has an empty list', async () => {
  const evaluations = createEvaluationReports({
    results: join(folder, 'a'),
    runs: join(folder, 'b'),
    onFault: () => {},
  });
  expect(await evaluations()).toEqual([]);
  expect(await (await createApi().app.request('/v1/evaluations')).json()).toEqual({ object: 'list', data: [] });
});
