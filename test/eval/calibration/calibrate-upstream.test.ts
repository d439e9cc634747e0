/** `npm run calibrate` over a server: what it costs is said and asked first, and its table lands where the user's are. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { calibrationCost, costText } from '../../../eval/calibration/cost.ts';
import { EffortTable } from '../../../src/contracts/service/effort-table.ts';
import { script } from '../../support/upstream-run.ts';
import { startUpstreamServer } from '../../support/upstream-server.ts';

const small = ['--generated', '2', '--spoken', '0', '--gsm8k', '0', '--samples', '1', '--levels-on', '1'];

async function calibrate(more: readonly string[]) {
  const server = await startUpstreamServer({ dialect: 'vllm', script });
  const folder = await mkdtemp(join(tmpdir(), 'calibrate-'));
  onTestFinished(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });
  const entry = { id: 'served', url: server.url, model: 'served-name', family: 'qwen3', dialect: 'vllm' };
  const run = async () => {
    const [runner = '', main = ''] = ['bin/run.mjs', 'eval/calibrate.ts'].map((path) => resolve(path));
    const child = spawn(process.execPath, [runner, main, '--model', 'served', ...small, ...more], {
      cwd: folder,
      env: { ...process.env, THINKFIRST_MODELS: JSON.stringify([entry]) },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (data) => {
      said += data;
    });
    const [code] = await once(child, 'close');
    return { code, said };
  };
  return { run, server, table: join(folder, 'served.effort.json') };
}

it('without a terminal and --yes nothing is asked of the server', { timeout: 60_000 }, async () => {
  const { run, server } = await calibrate([]);
  const { code, said } = await run();
  expect(code).toBe(1);
  const [, chains, most] = /Calibrating served samples up to ([\d,]+) chains: at most ([\d,]+) tokens/.exec(said) ?? [];
  const number = (text = '') => Number(text.replaceAll(',', ''));
  // Half of its context for a thought, because models of its family think for long; and an answer.
  expect(number(most) / number(chains)).toBe(4_096 + 1_024);
  expect(said).toContain('--yes');
  expect(server.completions()).toEqual([]);
});

it('with --yes it measures, writes the table beside the configuration, and measures nothing twice', {
  timeout: 120_000,
}, async () => {
  const { run, server, table } = await calibrate(['--yes']);
  expect(await run()).toMatchObject({ code: 0 });
  const written = EffortTable.parse(JSON.parse(await readFile(table, 'utf8')));
  expect(written).toMatchObject({ model: 'served', calibrated: { questions: 2 } });
  const asked = server.completions().length;
  expect(asked).toBeGreaterThan(0);
  const again = await run();
  expect(again).toMatchObject({ code: 0 });
  expect(again.said).toMatch(/\d+ measurements of an earlier run are kept/);
  expect(server.completions()).toHaveLength(asked);
});

it('the cost counts every chain of temperatures, questions and levels at its cap', () => {
  const cost = calibrationCost({ questions: 8, samples: 7, levelsOn: 4, ceiling: 1_000, answerTokens: 100 });
  // The model’s own settings and four temperatures, each on two questions with five chains; then eight chains of each question.
  const ofLevels = cost.chains - 5 * 2 * 5 - 8 * 8;
  expect(ofLevels % 4).toBe(0);
  expect(ofLevels).toBeGreaterThanOrEqual(4 * 5);
  expect(cost.mostTokens).toBe(cost.chains * 1_100);
  expect(costText('m', { chains: 1_234, mostTokens: 5_000_000 }, 0)).toBe(
    'Calibrating m samples up to 1,234 chains: at most 5,000,000 tokens, less where its thoughts are short.',
  );
});
