import { describe, expect, it } from 'vitest';
import { declaredShape, graphShape } from '../../../../src/models/local/graph/graph-shape.ts';

/** A graph of one layer; -1 is a dimension that is a name. */
function graphOf({ heads = 3, dim = 64, vocabulary = 100, cacheType = 1 } = {}) {
  const cache = (name: string) => ({ name, elementType: cacheType, shape: [-1, heads, -1, dim] });
  return {
    inputs: [
      { name: 'input_ids', elementType: 7, shape: [-1, -1] },
      { name: 'attention_mask', elementType: 7, shape: [-1, -1] },
      cache('past_key_values.0.key'),
      cache('past_key_values.0.value'),
    ],
    outputs: [
      { name: 'logits', elementType: 1, shape: [-1, -1, vocabulary] },
      cache('present.0.key'),
      cache('present.0.value'),
    ],
  };
}

const symbolic = graphOf({ heads: -1, dim: -1, vocabulary: -1 });

describe('the shape of a graph', () => {
  it('is what it writes, whatever config.json says', () => {
    expect(graphShape(graphOf(), { kvHeads: 9, headDim: 9, vocabularySize: 9 })).toMatchObject({
      kvHeads: 3,
      headDim: 64,
      vocabularySize: 100,
    });
  });

  it.each([
    ['head_dim', { num_key_value_heads: 2, num_attention_heads: 14, hidden_size: 896, head_dim: 128 }, 2, 128],
    ['hidden_size and heads', { num_key_value_heads: 2, num_attention_heads: 14, hidden_size: 896 }, 2, 64],
    ['as many heads as attend', { num_attention_heads: 14, hidden_size: 896, num_key_value_heads: null }, 14, 64],
  ])('is taken from config.json where it is symbolic: %s', (_what, config, kvHeads, headDim) => {
    expect(graphShape(symbolic, declaredShape(config, 50))).toMatchObject({ kvHeads, headDim, vocabularySize: 50 });
  });

  it.each([
    [{}, /config\.json lacks num_key_value_heads/],
    [{ num_key_value_heads: 2 }, /config\.json lacks head_dim, or hidden_size and num_attention_heads/],
    [{ num_key_value_heads: 2, num_attention_heads: 3, hidden_size: 100 }, /config\.json lacks head_dim/],
  ])('is not guessed: %j', (config, message) => {
    expect(graphShape(symbolic, declaredShape(config, 50))).toEqual({ unsupported: expect.stringMatching(message) });
  });

  it('of a cache in 16-bit floats: the reason says which files to put there', () => {
    const shape = graphShape(graphOf({ cacheType: 10 }));
    expect(shape).toEqual({
      unsupported: expect.stringMatching(/float16.*add model_q4\.onnx.*or model\.onnx, whose caches/),
    });
  });
});
