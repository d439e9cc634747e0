import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadModelFolder } from '../../../src/models/local/folder/model-folder.ts';
import { createLocalModel, localCapabilities } from '../../../src/models/local/local-model.ts';

describe('local model', () => {
  it.each([
    ['version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 100\n', /Git LFS pointer .* `git lfs pull`/],
    ['half a download', /model_q4\.onnx \(15 bytes\) can't be opened: /],
  ])('says in one line what is wrong with weights like %j', async (content, expected) => {
    const folder = await mkdtemp(join(tmpdir(), 'thinkfirst-broken-'));
    try {
      await cp('models/thinkfirst-135m', folder, { recursive: true, filter: (path) => !path.includes('model_q4') });
      await writeFile(join(folder, 'onnx', 'model_q4.onnx'), content);
      const fault = createLocalModel(folder, { threads: 1, kvMegabytes: 16, kvBits: 8, now: Date.now, warn() {} });
      await expect(fault).rejects.toMatchObject({
        code: 'model_unavailable',
        message: expect.stringMatching(expected),
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('lists for the embedded model what the batch decoder can, and less for weights that it cannot drive', async () => {
    const folder = await loadModelFolder('models/thinkfirst-135m');
    expect(localCapabilities(folder)).toMatchObject({ batching: true, score: true, family: 'thinkfirst' });
    expect(localCapabilities(folder)).toMatchObject({ compute: true, computesByDefault: true });
    expect(localCapabilities({ ...folder, computes: false })).not.toHaveProperty('computesByDefault');
    expect(localCapabilities(folder).constraints).toContain('json_schema');
    const half = { ...folder, onnx: () => ({ path: '', dtype: 'q4f16' as const, bytes: 0, graph: '', data: 0 }) };
    expect(localCapabilities(half)).toMatchObject({ batching: false, score: false, compute: false, constraints: [] });
  });
});
