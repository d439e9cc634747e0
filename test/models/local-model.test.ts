import { describe, expect, it } from 'vitest';
import { localCapabilities } from '../../src/models/local-model.ts';
import { loadModelFolder } from '../../src/models/transformers/model-folder.ts';

describe('local model', () => {
  it('lists for the embedded model what the batch decoder can, and less for weights that it cannot drive', async () => {
    const folder = await loadModelFolder('models/thinkfirst-135m');
    expect(localCapabilities(folder)).toMatchObject({ batching: true, score: true, family: 'thinkfirst' });
    expect(localCapabilities(folder).constraints).toContain('json_schema');
    const half = { ...folder, onnx: () => ({ path: '', dtype: 'q4f16' as const, bytes: 0 }) };
    expect(localCapabilities(half)).toMatchObject({ batching: false, score: false, constraints: [] });
  });
});
