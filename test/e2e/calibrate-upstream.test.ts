import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EffortTable } from '../../src/contracts/service/effort-table.ts';
import { runCli } from '../support/cli.ts';
import { dataFolder, failedStart, getJson, startService } from '../support/start-service.ts';
import { script } from '../support/upstream-run.ts';
import { startUpstreamServer } from '../support/upstream-server.ts';

/** A server's scripted model, measured from a folder of one's own, as somebody does who brings a server. */
describe('calibrating a model of another server', () => {
  let folders: Array<Awaited<ReturnType<typeof dataFolder>>>;
  let far: Awaited<ReturnType<typeof startUpstreamServer>>;
  let folder: string;
  let entry: Record<string, unknown>;
  const few = [
    '--generated',
    '1',
    '--spoken',
    '0',
    '--gsm8k',
    '0',
    '--open',
    '0',
    '--yes',
    '--samples',
    '1',
    '--levels-on',
    '1',
    '--ceiling',
    '32',
  ];
  const inFolder = (name: string) => join(folder, name);
  const written = async (name: string) => JSON.parse(await readFile(inFolder(name), 'utf8'));

  beforeAll(async () => {
    folders = [await dataFolder(), await dataFolder()];
    far = await startUpstreamServer({ dialect: 'vllm', script });
    folder = folders[0]?.path ?? '';
    entry = { id: 'far', url: far.url, model: 'served-name', family: 'qwen3', dialect: 'vllm', contextLength: 2048 };
    await writeFile(inFolder('thinkfirst.config.json'), JSON.stringify({ models: [entry] }));
  });
  afterAll(async () => {
    await far?.close();
    for (const each of folders) await each.remove();
  });

  it('writes its table beside the configuration, and names it there', { timeout: 400_000 }, async () => {
    await writeFile(inFolder('own.jsonl'), '{"question":"What is 12 + 30?","answer":"42"}\n');
    const words = ['calibrate', '--model', 'far', ...few, '--questions', 'own.jsonl', '--threads', '2'];
    const { code, output, told } = await runCli(words, { folder });
    expect({ code, told }).toEqual({ code: 0, told: expect.any(String) });
    expect(told).toContain(`--threads and --kv-mb do nothing here: far runs at ${far.url}.`);
    const table = EffortTable.parse(await written('far.effort.json'));
    expect(table).toMatchObject({ model: 'far', calibrated: { questions: 2 } });
    expect(table.natural_tokens).toBeLessThanOrEqual(32);
    expect(await written('thinkfirst.config.json')).toEqual({
      models: [{ ...entry, effortTable: './far.effort.json' }],
    });
    expect(output).toContain('thinkfirst.config.json names it now ("effortTable": "./far.effort.json"');
  });

  it('is what the service then spends, and what is said of the model', async () => {
    const path = inFolder('far.effort.json');
    const near = await startService('start', {
      THINKFIRST_DATA: folders[1]?.path ?? '',
      THINKFIRST_MODELS: JSON.stringify([{ ...entry, effortTable: path }]),
    });
    const { data } = await getJson(`${near.url}/v1/models`);
    await near.stop();
    expect(data).toMatchObject([{ id: 'far', effort_table: await written('far.effort.json') }]);
    const checked = await runCli(['models', 'check'], { folder });
    expect(checked.output).toMatch(/effort table: calibrated \d{4}-\d\d-\d\d on 2 questions/);
    const { output } = await runCli(['doctor'], { folder });
    expect(output).toMatch(/efforts of far +calibrated \S+ on 2 questions \(\.\/far\.effort\.json\)/);
  });

  it('a start with a table that does not fit says which, and of which model', async () => {
    const path = inFolder('broken.effort.json');
    await copyFile(inFolder('thinkfirst.config.json'), path);
    const { code, told } = await failedStart('start', {
      THINKFIRST_DATA: folders[1]?.path ?? '',
      THINKFIRST_MODELS: JSON.stringify([{ ...entry, effortTable: path }]),
    });
    expect(code).toBe(1);
    expect(told).toEqual([
      expect.stringContaining(
        `THINKFIRST_MODELS[0].effortTable: ${path} is not an effort table: model: Invalid input: expected string`,
      ),
    ]);
  });
});
