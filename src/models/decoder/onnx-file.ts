import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { mapFields, type ReadBytes, readerOf, type Span } from './protobuf.ts';

/** Tensors of fewer bytes stay in the graph. */
const worthLeavingOut = 4096;
/** Of each weight, for the fingerprint. */
const sampleBytes = 256;
/** Field numbers of onnx.proto. */
export const fields = {
  model: { graph: 7 },
  graph: { node: 1, name: 2, initializer: 5, input: 11, output: 12, valueInfo: 13 },
  node: { input: 1, output: 2, operator: 4, attribute: 5 },
  attribute: { name: 1, integer: 3, text: 4, graph: 6, type: 20 },
  tensor: { dimension: 1, elementType: 2, name: 8, rawData: 9, externalData: 13, dataLocation: 14 },
  entry: { key: 1, value: 2 },
  value: { name: 1, type: 2 },
  type: { tensor: 1 },
  tensorType: { elementType: 1 },
} as const;

/** A model whose weights lie elsewhere: small enough to be changed in memory. */
export type OnnxGraph = {
  /** A serialised ModelProto. */
  model: Buffer;
  /** Where the weights' files lie. */
  folder: string;
  /** Differs between models of one shape too: a little of each weight is in it. */
  fingerprint: string;
};

/**
 * Reads a model without its weights, which become references to their places in the very same file. onnxruntime maps them
 * from there, so neither JavaScript nor a second file ever holds a copy.
 * @throws Error where the file is no ONNX model
 */
export function readOnnxFile(path: string): OnnxGraph {
  // onnxruntime takes no reference that leads out of the folder, and a hub's cache is made of links.
  const file = realpathSync(path);
  const { size } = statSync(file);
  const descriptor = openSync(file, 'r');
  const hash = createHash('sha256');
  try {
    const read = (at: number, length: number) => {
      const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - at)));
      return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, at));
    };
    const model = mapFields(read, { start: 0, end: size }, ({ number, value }) =>
      number === fields.model.graph && value
        ? mapFields(read, value, (field) =>
            field.number === fields.graph.initializer && field.value
              ? leaveOut(read, field.value, { location: basename(file), sample: (bytes) => hash.update(bytes) })
              : undefined,
          )
        : undefined,
    );
    return { model, folder: dirname(file), fingerprint: hash.update(model).digest('hex') };
  } finally {
    closeSync(descriptor);
  }
}

/** The tensor with a reference in place of its bytes; undefined where it stays as it is. */
function leaveOut(
  read: ReadBytes,
  tensor: Span,
  { location, sample }: { location: string; sample(bytes: Buffer): void },
): Buffer | undefined {
  if (tensor.end - tensor.start < worthLeavingOut) return undefined;
  const data = readerOf(read, tensor).find(({ number }) => number === fields.tensor.rawData)?.value;
  if (!data || data.end - data.start < worthLeavingOut) return undefined;
  sample(read(Math.floor((data.start + data.end) / 2), sampleBytes));
  const entries = { location, offset: String(data.start), length: String(data.end - data.start) };
  return mapFields(
    read,
    tensor,
    ({ number }) => (number === fields.tensor.rawData ? null : undefined),
    (writer) => {
      for (const [key, value] of Object.entries(entries)) {
        writer.uint32((fields.tensor.externalData << 3) | 2).fork();
        writer.uint32((fields.entry.key << 3) | 2).string(key);
        writer
          .uint32((fields.entry.value << 3) | 2)
          .string(value)
          .ldelim();
      }
      writer.uint32(fields.tensor.dataLocation << 3).uint32(1);
    },
  );
}
