import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import type protobuf from 'protobufjs/minimal.js';
import { type Field, mapFields, type ReadBytes, readerOf, type Span } from './protobuf.ts';

/** Files that are read at several positions, each opened once. */
type OpenFiles = {
  /** @throws Error of the file system */
  open(file: string): { read: ReadBytes; size: number };
  close(): void;
};

/** A file of fewer bytes is read at once: a graph without its weights has thousands of fields. */
const smallFile = 8 * 2 ** 20;

function openFiles(): OpenFiles {
  const opened = new Map<string, { read: ReadBytes; size: number; descriptor: number }>();
  return {
    open(file) {
      const known = opened.get(file);
      if (known) return known;
      const { size } = statSync(file);
      const descriptor = openSync(file, 'r');
      const whole = size <= smallFile ? readFileSync(descriptor) : undefined;
      const read = (at: number, length: number) => {
        if (whole) return whole.subarray(at, at + length);
        const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - at)));
        return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, at));
      };
      opened.set(file, { read, size, descriptor });
      return { read, size };
    },
    close() {
      for (const { descriptor } of opened.values()) closeSync(descriptor);
    },
  };
}

/** A tensor of fewer bytes stays in the graph. */
const worthLeavingOut = 4096;
/** Bytes of each weight that the fingerprint includes. */
const sampleBytes = 256;
/** Field numbers of onnx.proto. */
export const fields = {
  model: { graph: 7 },
  graph: { node: 1, name: 2, initializer: 5, input: 11, output: 12, valueInfo: 13 },
  node: { input: 1, output: 2, operator: 4, attribute: 5 },
  attribute: { name: 1, integer: 3, text: 4, tensor: 5, graph: 6, type: 20 },
  tensor: { dimension: 1, elementType: 2, name: 8, rawData: 9, externalData: 13, dataLocation: 14 },
  entry: { key: 1, value: 2 },
  value: { name: 1, type: 2 },
  type: { tensor: 1 },
  tensorType: { elementType: 1, shape: 2 },
  shape: { dimension: 1 },
  dimension: { value: 1 },
} as const;

/** A model without its weights, small enough to be changed in memory. */
export type OnnxGraph = {
  /** A serialised ModelProto. */
  model: Buffer;
  /** The folder of the weights' files. */
  folder: string;
  /** Differs also between models of one shape, because it includes a part of each weight. */
  fingerprint: string;
};

/**
 * Reads a model without its weights, which become references to their positions in the same file. onnxruntime maps them from
 * there, so neither JavaScript nor a second file holds a copy.
 * @throws Error if the file is not an ONNX model, or if onnxruntime cannot map its weights
 */
export function readOnnxFile(path: string): OnnxGraph {
  // onnxruntime rejects references that lead out of the folder, and a hub's cache consists of links.
  const file = realpathSync(path);
  const folder = dirname(file);
  const hash = createHash('sha256');
  const files = openFiles();
  try {
    const { read, size } = files.open(file);
    const change = (tensor: Span): Buffer | undefined => {
      const found = readerOf(read, tensor);
      const outside = externalData(read, found);
      if (outside) {
        // Named by the link, not by its target.
        const weights = realpathSync(join(dirname(path), outside.location ?? ''));
        const location = relative(folder, weights);
        if (location.startsWith('..')) throw new Error('its weights are in another folder than its graph');
        const { read: readWeights, size: end } = files.open(weights);
        const offset = Number(outside.offset ?? 0);
        hash.update(readWeights(offset + Math.floor(Number(outside.length ?? end - offset) / 2), sampleBytes));
        return withReference(read, tensor, { ...outside, location });
      }
      const data = found.find(({ number }) => number === fields.tensor.rawData)?.value;
      if (!data || data.end - data.start < worthLeavingOut) return undefined;
      hash.update(read(Math.floor((data.start + data.end) / 2), sampleBytes));
      const [offset, length] = [String(data.start), String(data.end - data.start)];
      return withReference(read, tensor, { location: basename(file), offset, length });
    };
    const model = mapFields(read, { start: 0, end: size }, ({ number, value }) =>
      number === fields.model.graph && value
        ? mapFields(read, value, (field) =>
            field.number === fields.graph.initializer && field.value ? change(field.value) : undefined,
          )
        : undefined,
    );
    return { model, folder, fingerprint: hash.update(model).digest('hex') };
  } finally {
    files.close();
  }
}

/**
 * Files next to a graph that contain its weights, with the least size of each in bytes.
 * @throws Error if the file is not an ONNX model
 */
export function outsideWeights(path: string): ReadonlyMap<string, number> {
  const needed = new Map<string, number>();
  const files = openFiles();
  try {
    const { read, size } = files.open(path);
    const values = (message: Span, wanted: number) =>
      readerOf(read, message).flatMap(({ number, value }) => (number === wanted && value ? [value] : []));
    for (const graph of values({ start: 0, end: size }, fields.model.graph)) {
      for (const tensor of values(graph, fields.graph.initializer)) {
        const { location, offset, length } = externalData(read, readerOf(read, tensor)) ?? {};
        if (location === undefined) continue;
        const end = Number(offset ?? 0) + Number(length ?? 0);
        needed.set(location, Math.max(needed.get(location) ?? 0, end));
      }
    }
    return needed;
  } finally {
    files.close();
  }
}

/** The position of a tensor's bytes outside the graph. */
function externalData(read: ReadBytes, tensor: readonly Field[]): Record<string, string> | undefined {
  const entries = tensor.flatMap(({ number, value }) =>
    number === fields.tensor.externalData && value ? [value] : [],
  );
  if (entries.length === 0) return undefined;
  const text = (entry: Span, wanted: number) => {
    const found = readerOf(read, entry).find(({ number }) => number === wanted)?.value;
    return found ? read(found.start, found.end - found.start).toString() : '';
  };
  return Object.fromEntries(entries.map((entry) => [text(entry, fields.entry.key), text(entry, fields.entry.value)]));
}

/** The tensor with a reference instead of its bytes. */
function withReference(read: ReadBytes, tensor: Span, entries: Readonly<Record<string, string>>): Buffer {
  const { rawData, externalData, dataLocation } = fields.tensor;
  const replaced: readonly number[] = [rawData, externalData, dataLocation];
  const text = (writer: protobuf.Writer, field: number, value: string) => writer.uint32((field << 3) | 2).string(value);
  return mapFields(
    read,
    tensor,
    ({ number }) => (replaced.includes(number) ? null : undefined),
    (writer) => {
      for (const [key, value] of Object.entries(entries)) {
        writer.uint32((externalData << 3) | 2).fork();
        text(writer, fields.entry.key, key);
        text(writer, fields.entry.value, value);
        writer.ldelim();
      }
      writer.uint32(dataLocation << 3).uint32(1);
    },
  );
}
