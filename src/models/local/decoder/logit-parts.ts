import protobuf from 'protobufjs/minimal.js';
import { fields } from '../graph/onnx-file.ts';
import { elementTypes, onnxNode, writeConstant, writeOutput } from '../graph/onnx-node.ts';
import { bytesOf, mapEach, readerOf, textField } from '../graph/protobuf.ts';
import { expOfMinus, type RawDistribution } from '../sampler-softmax.ts';

/** Logits of one part: few, because onnxruntime sums in 32 bits. It divides the vocabulary of all known models. */
const width = 128;
/** Numbers of each part: the largest logit, the mean, and the largest one's share of the part's exponentials. */
const numbers = 3;
/** Output [rows, kept * count, numbers] of a graph that computes the parts. */
export const partsOutput = 'logits/parts';

const shapeName = 'logits/parts/shape';
const [max, mean, share] = ['max', 'mean', 'share'].map((name) => `${partsOutput}/${name}`) as [string, string, string];

/** How many parts a position has, and how many numbers a part has. */
export function partsOf(vocabularySize: number): { count: number; numbers: number } {
  return { count: vocabularySize / width, numbers };
}

/** The distribution of one position from its parts. */
export function distributionOf(parts: Float32Array, vocabularySize: number): RawDistribution {
  let max = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < parts.length; at += numbers) max = Math.max(max, parts[at] ?? max);
  let mass = 0;
  let [sum, summed] = [0, 0];
  for (let at = 0; at < parts.length; at += numbers) {
    const mostOf = expOfMinus(max - (parts[at] ?? 0));
    // A part without any token (a vocabulary padded with minus infinity) has no share.
    if (mostOf > 0) mass += mostOf / (parts[at + 2] ?? 1);
    const mean = parts[at + 1] ?? 0;
    if (mean === Number.NEGATIVE_INFINITY) continue;
    sum += mean;
    summed += 1;
  }
  const mean = sum / Math.max(1, summed);
  const logSumExp = max + Math.log(mass);
  return { max, logSumExp, selfCertainty: logSumExp - mean - Math.log(vocabularySize) };
}

/**
 * The model with `partsOutput`, so that onnxruntime reads all logits, on all its threads, instead of JavaScript; unchanged if
 * the vocabulary is not a whole number of parts. It uses only operators that are the same in all versions of ONNX: the axes of
 * ReduceMax moved from an attribute to an input.
 */
export function withLogitParts(model: Buffer): Buffer {
  return mapEach(model, fields.model.graph, (graph) =>
    vocabularyOf(graph) % width === 0 ? Buffer.concat([graph, additions()]) : undefined,
  );
}

function additions(): Buffer {
  const writer = protobuf.Writer.create();
  const [parts, shares] = [`${partsOutput}/logits`, `${partsOutput}/shares`];
  const shape = BigInt64Array.of(0n, -1n, BigInt(width));
  writeConstant(writer, { name: shapeName, elementType: elementTypes.int64, data: shape, shape: [shape.length] });
  const axis = { axis: 2 };
  for (const node of [
    onnxNode({ operator: 'Reshape', inputs: ['logits', shapeName], outputs: [parts] }),
    onnxNode({ operator: 'GlobalMaxPool', inputs: [parts], outputs: [max] }),
    onnxNode({ operator: 'GlobalAveragePool', inputs: [parts], outputs: [mean] }),
    onnxNode({ operator: 'Softmax', inputs: [parts], outputs: [shares], attributes: axis }),
    onnxNode({ operator: 'GlobalMaxPool', inputs: [shares], outputs: [share] }),
    onnxNode({ operator: 'Concat', inputs: [max, mean, share], outputs: [partsOutput], attributes: axis }),
  ]) {
    writer.uint32((fields.graph.node << 3) | 2).bytes(node);
  }
  writeOutput(writer, { name: partsOutput, elementType: elementTypes.float });
  return Buffer.from(writer.finish());
}

/** The last dimension of the graph's logits; NaN if the graph does not contain it. */
function vocabularyOf(graph: Buffer): number {
  const outputs = within([graph], fields.graph.output);
  const logits = outputs.filter((info) => textField(info, fields.value.name) === 'logits');
  const { value, type, tensorType, shape, dimension } = fields;
  const dimensions = [value.type, type.tensor, tensorType.shape, shape.dimension].reduce(within, logits);
  const reader = protobuf.Reader.create(dimensions.at(-1) ?? new Uint8Array());
  return reader.len > 0 && reader.uint32() >>> 3 === dimension.value ? reader.uint32() : Number.NaN;
}

/** The contents of these fields of the messages. */
function within(messages: Buffer[], wanted: number): Buffer[] {
  return messages.flatMap((message) =>
    readerOf(bytesOf(message), { start: 0, end: message.length }).flatMap(({ number, value }) =>
      number === wanted && value ? [message.subarray(value.start, value.end)] : [],
    ),
  );
}
