import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLocalModel } from '../../src/models/local/local-model.ts';
import { runOne } from '../suites/language-model-run.ts';
import { writeForeignFolder } from '../support/foreign-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'thinkfirst-foreign-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function load(path: string, kvBits: 8 | 32 = 32) {
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  const model = await createLocalModel(path, { threads: 2, kvMegabytes: 64, kvBits, now: Date.now, warn });
  return { model, warnings };
}

const question = {
  prompt: { messages: [{ role: 'user' as const, content: 'What is 2 + 3?' }] },
  samples: 1,
  answer: { maxTokens: 16 },
  sampling: { temperature: 0 },
  deterministic: true,
};

describe('a folder whose graph has names for its shapes, and its weights in a file beside it', () => {
  beforeAll(() => writeForeignFolder(folder));

  it('runs through the batch decoder, in 32 and in 8 bits, and answers as the same weights in one file do', async () => {
    const own = await load('models/thinkfirst-135m');
    const expected = await runOne(own.model, question);
    await own.model.close();
    for (const bits of [32, 8] as const) {
      const { model, warnings } = await load(folder, bits);
      expect(warnings).toEqual([]);
      expect(model.capabilities).toMatchObject({ batching: true, exactBudget: true, score: true });
      expect((await runOne(model, question)).answer).toBe(expected.answer);
      await model.close();
    }
  });

  it('runs through generate() with a warning that says what config.json lacks', async () => {
    const bare = join(folder, 'bare');
    writeForeignFolder(bare, { num_key_value_heads: undefined, num_attention_heads: undefined, head_dim: undefined });
    const { model, warnings } = await load(bare);
    await model.close();
    expect(warnings.join()).toMatch(/generate\(\).*config\.json lacks num_key_value_heads/);
  });

  it('says which file of weights is cut short, and which is missing', async () => {
    const data = join(folder, 'onnx', 'model_q4.onnx_data');
    truncateSync(data, 50_000_000);
    await expect(load(folder)).rejects.toMatchObject({
      code: 'model_unavailable',
      message: expect.stringMatching(/model_q4\.onnx_data is cut short: it has 50000000 bytes of \d+\. Fetch it again/),
    });
    rmSync(data);
    await expect(load(folder)).rejects.toMatchObject({
      code: 'model_unavailable',
      message: expect.stringMatching(/model_q4\.onnx_data is missing: model_q4\.onnx has its weights there/),
    });
  });
});
