import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { dataFolder, postJson, startService, type TestService } from '../support/start-service.ts';

const run = promisify(execFile);
const question = 'What is 2 + 3?';
const user = [{ role: 'user', content: question }];
const says = (content: string) => [{ role: 'assistant', content }];

let data: Awaited<ReturnType<typeof dataFolder>>;
let service: TestService;
beforeAll(async () => {
  data = await dataFolder();
  service = await startService('start', { THINKFIRST_DATA: data.path });
});
afterAll(async () => {
  await service.stop();
  await data.remove();
});

describe('npm run export:preferences', () => {
  const exported = (...options: string[]) =>
    run(process.execPath, ['--import', 'tsx', 'scripts/export-preferences.ts', '--url', service.url, ...options]);

  it('says where there is no feedback', async () => {
    await expect(exported('--out', join(data.path, 'none'))).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no feedback yet'),
    });
  });

  it('writes what people said of real answers in TRL’s forms', async () => {
    const ask = ['ask', '--fast', '--json', '-q', question];
    const asked = await runCli(ask, { environment: { THINKFIRST_URL: service.url } });
    const { id, output_text: answer } = JSON.parse(asked.output);
    const feedback = `${service.url}/v1/responses/${id}/feedback`;
    await postJson(feedback, { rating: 'down', corrected_text: 'It is five.' });
    await postJson(feedback, { rating: 'down', corrected_text: 'It is five.' });

    const pairs = join(data.path, 'pairs');
    const { stdout } = await exported('--format', 'dpo', '--out', pairs, '--held-out', '0');
    expect(stdout).toContain('1 to train on and 0 held out');
    expect(stdout).toContain('1 repeated ones left out');
    const [pair = ''] = (await readFile(join(pairs, 'train.jsonl'), 'utf8')).split('\n');
    expect(JSON.parse(pair)).toEqual({ prompt: user, chosen: says('It is five.'), rejected: says(answer) });

    const labelled = join(data.path, 'labelled');
    await exported('--format', 'kto', '--out', labelled, '--held-out', '0');
    const rows = (await readFile(join(labelled, 'train.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows).toEqual([
      { prompt: user, completion: says(answer), label: false },
      { prompt: user, completion: says('It is five.'), label: true },
    ]);
  });
});
