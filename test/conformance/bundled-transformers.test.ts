import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { bundleTransformers } from '../../scripts/bundle-transformers.ts';
import { loadModelFolder } from '../../src/models/local/folder/model-folder.ts';
import type { Transformers } from '../../src/models/local/generate/causal-model.ts';

// Below the root, so that what it imports is found.
mkdirSync('.cache', { recursive: true });
const folder = mkdtempSync(resolve('.cache', 'bundle-'));
const file = join(folder, 'transformers.mjs');

beforeAll(() => bundleTransformers(folder));
afterAll(() => rmSync(folder, { recursive: true }));

it('imports nothing but Node and what the package depends on', () => {
  const { dependencies } = z
    .object({ dependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync('package.json', 'utf8')));
  const imports = [
    ...readFileSync(file, 'utf8').matchAll(/^(?:import\b[^;'"]*?|var .*require\w*\()["']([^"']+)["']/gm),
  ];
  const names = imports.map((match) => match[1] ?? '').filter((name) => !isBuiltin(name));
  expect(names.sort()).toEqual(['onnxruntime-common', 'onnxruntime-node']);
  expect(Object.keys(dependencies)).toEqual(expect.arrayContaining(names));
});

it('loads and runs the embedded model', async () => {
  const library: Transformers = await import(pathToFileURL(file).href);
  const { AutoModelForCausalLM, Tensor } = library;
  const { path, tokenizer } = await loadModelFolder('models/thinkfirst-135m');
  const model = await AutoModelForCausalLM.from_pretrained(path, { dtype: 'q4', device: 'cpu' });
  const ids = tokenizer.encode('1, 2, 3, 4,');
  const inputs = {
    input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
    attention_mask: new Tensor('int64', new BigInt64Array(ids.length).fill(1n), [1, ids.length]),
  };
  const output = await model.generate({ ...inputs, max_new_tokens: 2, do_sample: false });
  if (!(output instanceof Tensor)) throw new Error('generate() gives no ids');
  expect(tokenizer.decode(output.tolist().flat().map(Number))).toContain('1, 2, 3, 4, 5');
  await model.dispose();
});
