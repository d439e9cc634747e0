import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createKvScaleStore } from '../../../src/models/decoder/kv-scales.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kv-scales-'));
  vi.stubEnv('TMPDIR', join(folder, 'tmp'));
});
afterEach(() => {
  vi.unstubAllEnvs();
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

  it('that are broken are not there', () => {
    const path = join(folder, 'model.onnx');
    createKvScaleStore(path, ['model']).write(outcome);
    writeFileSync(join(folder, 'model.kv8.json'), '{"key"');
    expect(createKvScaleStore(path, ['model']).read()).toBeUndefined();
  });
});
