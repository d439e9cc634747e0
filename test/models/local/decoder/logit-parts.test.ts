import protobuf from 'protobufjs/minimal.js';
import { describe, expect, it } from 'vitest';
import { distributionOf, partsOutput, withLogitParts } from '../../../../src/models/local/decoder/logit-parts.ts';
import { fields } from '../../../../src/models/local/graph/onnx-file.ts';

/** A model whose logits are [batch, sequence, `vocabulary`], after another output. */
function modelOf(vocabulary: number | string): Buffer {
  const { graph, value, type, tensorType, shape, dimension } = fields;
  const writer = protobuf.Writer.create();
  writer.uint32((fields.model.graph << 3) | 2).fork();
  for (const [name, last] of [
    ['present.0.key', 256],
    ['logits', vocabulary],
  ] as const) {
    writer.uint32((graph.output << 3) | 2).fork();
    writer.uint32((value.name << 3) | 2).string(name);
    writer.uint32((value.type << 3) | 2).fork();
    writer.uint32((type.tensor << 3) | 2).fork();
    writer.uint32(tensorType.elementType << 3).uint32(1);
    writer.uint32((tensorType.shape << 3) | 2).fork();
    for (const size of ['batch', 'sequence', last]) {
      writer.uint32((shape.dimension << 3) | 2).fork();
      if (typeof size === 'number') writer.uint32(dimension.value << 3).uint32(size);
      else writer.uint32((2 << 3) | 2).string(size);
      writer.ldelim();
    }
    writer.ldelim().ldelim().ldelim().ldelim();
  }
  return Buffer.from(writer.ldelim().finish());
}

describe('a distribution from its parts', () => {
  it('leaves out a part that is filled up with minus infinity', () => {
    const even = [0, 0, 1 / 128];
    const empty = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
    const { logSumExp, selfCertainty } = distributionOf(Float32Array.from([...even, ...empty]), 256);
    expect(logSumExp).toBeCloseTo(Math.log(128), 6);
    expect(selfCertainty).toBeCloseTo(-Math.log(2), 6);
  });
});

describe('a graph that tells its logits in parts', () => {
  it('is made of one whose vocabulary has a whole number of them', () => {
    expect(withLogitParts(modelOf(151_936)).includes(partsOutput)).toBe(true);
  });

  it.each([50_257, 'vocabulary'])('is left as it is with a vocabulary of %s', (vocabulary) => {
    expect(withLogitParts(modelOf(vocabulary))).toEqual(modelOf(vocabulary));
  });
});
