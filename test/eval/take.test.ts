import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkModelFolder, copyModelFolder, weightsHash } from '../../eval/take/model-files.ts';
import { runSteps } from '../../eval/take/steps.ts';
import { brokenFiles } from '../../src/cli/doctor/model-files.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'take-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function files(name: string, content: Record<string, string>): Promise<string> {
  const path = join(folder, name);
  for (const [file, text] of Object.entries(content)) {
    await mkdir(join(path, file, '..'), { recursive: true });
    await writeFile(join(path, file), text);
  }
  return path;
}

it('goes on behind the last finished step, and runs the one that failed again', async () => {
  const ran: string[] = [];
  let broken = true;
  const steps = ['one', 'two', 'three'].map((name) => ({
    name,
    run: async () => {
      ran.push(name);
      if (name === 'two' && broken) throw new Error('killed');
    },
  }));
  const options = { log: join(folder, 'work', 'steps'), tell: () => {} };
  await expect(runSteps(steps, options)).rejects.toThrow('killed');
  broken = false;
  await runSteps(steps, options);
  expect(ran).toEqual(['one', 'two', 'two', 'three']);
});

it('makes the folder that of the new weights, with sums that hold, whatever an earlier try left', async () => {
  const source = await files('source', {
    'config.json': '{}',
    'README.md': 'card',
    'onnx/model_q4.onnx': 'new weights',
  });
  const target = await files('target', {
    'config.json': 'old',
    'onnx/model_q4.onnx': 'new we',
    'onnx/model_q4.onnx.part': 'new',
    'onnx/model_q4.kv8.json': 'scales of the old weights',
    SHA256SUMS: 'of the old',
  });
  await copyModelFolder(source, target);
  expect(await readFile(join(target, 'onnx/model_q4.onnx'), 'utf8')).toBe('new weights');
  expect(await readFile(join(target, 'SHA256SUMS'), 'utf8')).toMatch(/ {2}onnx\/model_q4\.onnx\n/);
  expect(await brokenFiles(target)).toEqual([]);
  expect(existsSync(join(target, 'onnx/model_q4.kv8.json'))).toBe(false);
  expect(existsSync(join(target, 'onnx/model_q4.onnx.part'))).toBe(false);
});

it('knows weights by their content, whatever the service or the card adds beside them', async () => {
  const one = await files('one', { 'onnx/model_q4.onnx': 'weights', 'README.md': 'card' });
  const same = await files('same', {
    'onnx/model_q4.onnx': 'weights',
    'onnx/model_q4.kv8.json': '{}',
    SHA256SUMS: 'x',
  });
  const other = await files('other', { 'onnx/model_q4.onnx': 'others' });
  expect(await weightsHash(same)).toBe(await weightsHash(one));
  expect(await weightsHash(other)).not.toBe(await weightsHash(one));
});

it('tells GGUF files apart by their contents, in all parts', async () => {
  const split = (last: string) => ({ 'w-00001-of-00002.gguf': 'GGUF', 'w-00002-of-00002.gguf': last });
  const first = async (name: string, last: string) => join(await files(name, split(last)), 'w-00001-of-00002.gguf');
  const one = await first('one', 'a');
  expect(await weightsHash(await first('same', 'a'))).toBe(await weightsHash(one));
  expect(await weightsHash(await first('other', 'b'))).not.toBe(await weightsHash(one));
});

it('refuses a folder that lacks a file, by its name', async () => {
  const lacking = await files('lacking', { 'config.json': '{}', 'tokenizer.json': '{}' });
  await expect(checkModelFolder(lacking, { threads: 1 })).rejects.toThrow('lacks generation_config.json');
});
