import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import protobuf from 'protobufjs/minimal.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fields, readOnnxFile } from '../../../../src/models/local/graph/onnx-file.ts';
import { bytesOf, readerOf } from '../../../../src/models/local/graph/protobuf.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onnx-file-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A model of one tensor: its bytes, or where they are. */
function modelOf(weight: Uint8Array | Record<string, string>): Buffer {
  const { tensor, entry } = fields;
  const writer = protobuf.Writer.create();
  writer.uint32((fields.model.graph << 3) | 2).fork();
  writer.uint32((fields.graph.initializer << 3) | 2).fork();
  writer.uint32((tensor.name << 3) | 2).string('weight');
  if (weight instanceof Uint8Array) writer.uint32((tensor.rawData << 3) | 2).bytes(weight);
  else {
    for (const [key, value] of Object.entries(weight)) {
      writer.uint32((tensor.externalData << 3) | 2).fork();
      writer.uint32((entry.key << 3) | 2).string(key);
      writer.uint32((entry.value << 3) | 2).string(value);
      writer.ldelim();
    }
    writer.uint32(tensor.dataLocation << 3).uint32(1);
  }
  return Buffer.from(writer.ldelim().ldelim().finish());
}

/** Where a read model's tensor says that its bytes are. */
function reference(model: Buffer): Record<string, string> {
  const values = (message: Buffer, wanted: number) =>
    readerOf(bytesOf(message), { start: 0, end: message.length }).flatMap(({ number, value }) =>
      number === wanted && value ? [message.subarray(value.start, value.end)] : [],
    );
  const [graph = Buffer.alloc(0)] = values(model, fields.model.graph);
  const [tensor = Buffer.alloc(0)] = values(graph, fields.graph.initializer);
  expect(values(tensor, fields.tensor.rawData)).toEqual([]);
  return Object.fromEntries(
    values(tensor, fields.tensor.externalData).map((entry) => [
      String(values(entry, fields.entry.key)[0]),
      String(values(entry, fields.entry.value)[0]),
    ]),
  );
}

function write(name: string, content: Uint8Array): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const outside = { location: 'model.onnx_data', offset: '0', length: '5000' };

describe('a model without its weights', () => {
  it('says where they are in its file, and differs by what they are', () => {
    const weight = new Uint8Array(5000).fill(7);
    const path = write('model.onnx', modelOf(weight));
    const { model, folder: place, fingerprint } = readOnnxFile(path);
    const { location, offset, length } = reference(model);
    expect([place, location, length]).toEqual([folder, 'model.onnx', '5000']);
    expect(readFileSync(path).subarray(Number(offset), Number(offset) + 5000)).toEqual(Buffer.from(weight));
    write('model.onnx', modelOf(weight.fill(8)));
    expect(readOnnxFile(path).fingerprint).not.toBe(fingerprint);
  });

  it('differs by them where they are in a file of their own too', () => {
    const path = write('model.onnx', modelOf(outside));
    write('model.onnx_data', new Uint8Array(5000).fill(7));
    const { model, fingerprint } = readOnnxFile(path);
    expect(reference(model)).toEqual(outside);
    expect(readOnnxFile(path).fingerprint).toBe(fingerprint);
    write('model.onnx_data', new Uint8Array(5000).fill(8));
    expect(readOnnxFile(path).fingerprint).not.toBe(fingerprint);
  });

  it("finds them behind the links of a hub's cache", () => {
    write('blobs/graph', modelOf(outside));
    write('blobs/weights', new Uint8Array(5000));
    mkdirSync(join(folder, 'snapshot'));
    symlinkSync('../blobs/graph', join(folder, 'snapshot', 'model.onnx'));
    symlinkSync('../blobs/weights', join(folder, 'snapshot', 'model.onnx_data'));
    const { model, folder: place } = readOnnxFile(join(folder, 'snapshot', 'model.onnx'));
    expect([place, reference(model)]).toEqual([join(folder, 'blobs'), { ...outside, location: 'weights' }]);
  });

  it('is not had where onnxruntime would not follow', () => {
    write('elsewhere/weights', new Uint8Array(5000));
    const path = write('here/model.onnx', modelOf(outside));
    symlinkSync('../elsewhere/weights', join(folder, 'here', 'model.onnx_data'));
    expect(() => readOnnxFile(path)).toThrow('another folder');
  });
});
