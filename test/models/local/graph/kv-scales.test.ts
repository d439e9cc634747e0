import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import os, { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createKvScaleStore } from '../../../../src/models/local/graph/kv-scales.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kv-scales-'));
  vi.stubEnv('TMPDIR', join(folder, 'tmp'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const outcome = { scales: { 'past_key_values.0.key': 0.25 } };

describe('the scales of a model', () => {
  it('are kept beside it for the next start, and leave nothing else there', () => {
    const path = join(folder, 'model_q4.onnx');
    createKvScaleStore(path, ['model', 'text']).write(outcome);
    expect(createKvScaleStore(path, ['model', 'text']).read()).toEqual(outcome);
    expect(readdirSync(folder)).toEqual(['model_q4.kv8.json']);
  });

  it('of another model in its place, or of another text, are not taken', () => {
    const path = join(folder, 'model.onnx');
    createKvScaleStore(path, ['model', 'text']).write(outcome);
    expect(createKvScaleStore(path, ['other', 'text']).read()).toBeUndefined();
    expect(createKvScaleStore(path, ['model', 'other']).read()).toBeUndefined();
  });

  it('are kept in the temporary folder where nothing can be written beside it', () => {
    // A file where the folder should be: not even root can write there.
    writeFileSync(join(folder, 'taken'), '');
    const path = join(folder, 'taken', 'model.onnx');
    createKvScaleStore(path, ['model']).write({ refused: 'too far' });
    expect(createKvScaleStore(path, ['model']).read()).toEqual({ refused: 'too far' });
  });

  it('that came with the model keep their file, and their proof is kept in the temporary folder', () => {
    const path = join(folder, 'model.onnx');
    const proof = { ...outcome, proved: 'this machine', equalTogether: true };
    createKvScaleStore(path, ['model']).write(outcome);
    const came = readFileSync(join(folder, 'model.kv8.json'), 'utf8');
    createKvScaleStore(path, ['model']).keepProof(proof);
    expect(createKvScaleStore(path, ['model']).read()).toEqual({ ...outcome, ...proof });
    // After an update of onnxruntime.
    createKvScaleStore(path, ['model']).keepProof({ ...proof, proved: 'again' });
    expect(createKvScaleStore(path, ['model']).read()).toEqual({ ...outcome, ...proof, proved: 'again' });
    expect(readFileSync(join(folder, 'model.kv8.json'), 'utf8')).toBe(came);
    // Other scales have to be proved again, which the proof's name tells.
    createKvScaleStore(path, ['model']).write({ scales: { 'past_key_values.0.key': 0.5 } });
    expect(createKvScaleStore(path, ['model']).read()).toMatchObject({ scales: { 'past_key_values.0.key': 0.5 } });
  });

  it('that were measured here have their proof beside them', () => {
    const path = join(folder, 'model.onnx');
    const proved = { ...outcome, proved: 'before', equalTogether: false };
    createKvScaleStore(path, ['model']).write(proved);
    createKvScaleStore(path, ['model']).keepProof({ ...outcome, proved: 'now', equalTogether: true });
    expect(createKvScaleStore(path, ['model']).read()).toEqual({ ...outcome, proved: 'now', equalTogether: true });
    expect(readdirSync(folder)).toEqual(['model.kv8.json']);
  });

  it('are kept for a user without a name, as a container may have', () => {
    const named = vi.spyOn(os, 'userInfo').mockImplementation(() => {
      throw new Error('uv_os_get_passwd returned ENOENT');
    });
    syncBuiltinESMExports();
    try {
      const path = join(folder, 'model.onnx');
      createKvScaleStore(path, ['model']).write(outcome);
      expect(createKvScaleStore(path, ['model']).read()).toEqual(outcome);
    } finally {
      named.mockRestore();
      syncBuiltinESMExports();
    }
  });

  it('of another user are taken beside the model and not in the temporary folder', () => {
    writeFileSync(join(folder, 'taken'), '');
    const beside = createKvScaleStore(join(folder, 'model.onnx'), ['model']);
    const elsewhere = createKvScaleStore(join(folder, 'taken', 'model.onnx'), ['model']);
    for (const store of [beside, elsewhere]) store.write(outcome);
    expect([beside.read(), elsewhere.read()]).toEqual([outcome, outcome]);
    // Root's files are everybody's, so root gives them away; anybody else becomes another user.
    if (process.getuid?.() === 0) {
      for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
        chownSync(join(folder, file), 4711, 4711);
    } else vi.spyOn(process, 'getuid').mockReturnValue(4711);
    expect([beside.read(), elsewhere.read()]).toEqual([outcome, undefined]);
  });

  it('that are broken are not there', () => {
    const path = join(folder, 'model.onnx');
    createKvScaleStore(path, ['model']).write(outcome);
    writeFileSync(join(folder, 'model.kv8.json'), '{"key"');
    expect(createKvScaleStore(path, ['model']).read()).toBeUndefined();
  });
});
