import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/**
 * Reads what a GGUF file says of itself (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md) before llama.cpp gets it.
 * Nothing in the file is trusted: each count and length is compared with the bytes that are left, and with a limit, before
 * anything is read or allocated for it.
 */
export type GgufHeader = {
  metadata: ReadonlyMap<string, GgufValue>;
  tensors: number;
  /** Of this file. */
  bytes: number;
};

type GgufScalar = string | number | bigint | boolean;
export type GgufValue = GgufScalar | readonly GgufScalar[];

/** Real files have some 50 keys, 1,000 tensors and a vocabulary of 300,000 tokens. */
const limits = {
  keys: 10_000,
  tensors: 100_000,
  items: 4_000_000,
  text: 16 * 2 ** 20,
  name: 1024,
  header: 512 * 2 ** 20,
};
/** What is read of the file at a time. */
const windowBytes = 2 ** 20;

/** Bytes of the fixed-size types by their number in the format; 8 is a string, 9 an array. */
const sizes: ReadonlyMap<number, number> = new Map([
  [0, 1],
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 4],
  [5, 4],
  [6, 4],
  [7, 1],
  [10, 8],
  [11, 8],
  [12, 8],
]);
const [stringType, arrayType] = [8, 9];
const alignmentKey = 'general.alignment';

/** Of the tensor types that files have: values in a block, and its bytes (ggml/src/ggml.c, type_traits). */
const blocks: ReadonlyMap<number, readonly [values: number, bytes: number]> = new Map([
  [0, [1, 4]],
  [1, [1, 2]],
  [2, [32, 18]],
  [3, [32, 20]],
  [6, [32, 22]],
  [7, [32, 24]],
  [8, [32, 34]],
  [10, [256, 84]],
  [11, [256, 110]],
  [12, [256, 144]],
  [13, [256, 176]],
  [14, [256, 210]],
  [30, [1, 2]],
]);

/**
 * @param keep the metadata to return; what is skipped is checked all the same
 * @throws Error in a few words that say what is wrong with the file
 */
export function readGgufHeader(path: string, keep: (key: string) => boolean = () => true): GgufHeader {
  const file = openSync(path, 'r');
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new Error('it is not a file');
    const reader = createReader(file, stat.size);
    if (reader.text(4) !== 'GGUF') throw new Error('it does not begin with GGUF');
    const version = reader.number(4);
    if (version !== 2 && version !== 3) throw new Error(`version ${version} of GGUF is not supported, only 2 and 3`);
    const tensors = reader.count(limits.tensors, 'tensors');
    const keys = reader.count(limits.keys, 'metadata keys');
    const metadata = new Map<string, GgufValue>();
    for (let index = 0; index < keys; index += 1) {
      const key = reader.text(reader.count(limits.name, 'bytes of a key'));
      const value = readValue(reader, reader.number(4), key === alignmentKey || keep(key));
      if (value !== undefined) metadata.set(key, value);
    }
    checkTensors(reader, { tensors, alignment: metadata.get(alignmentKey) ?? 32, bytes: stat.size });
    return { metadata, tensors, bytes: stat.size };
  } finally {
    closeSync(file);
  }
}

type Reader = {
  readonly at: number;
  /** An unsigned integer of 1 to 4 bytes. */
  number(bytes: number): number;
  /** 64 bits. @throws Error where it is more than `most` or the file can hold */
  count(most: number, of: string, bytesEach?: number): number;
  text(bytes: number): string;
  bytes(length: number): Buffer;
  skip(bytes: number): void;
};

function createReader(file: number, size: number): Reader {
  const window = Buffer.alloc(Math.min(windowBytes, size));
  let [start, end, at] = [0, 0, 0];
  const check = (length: number) => {
    if (length > size - at) throw new Error(`it is cut short or damaged: byte ${at + length} of ${size} is missing`);
    if (at + length > limits.header) throw new Error('its header is too long');
  };
  const bytes = (length: number): Buffer => {
    check(length);
    if (length > window.length) {
      const whole = Buffer.alloc(length);
      if (readSync(file, whole, 0, length, at) < length) throw new Error('it became shorter while it was read');
      at += length;
      return whole;
    }
    if (at < start || at + length > end) {
      start = at;
      end = at + readSync(file, window, 0, window.length, at);
      if (end < at + length) throw new Error('it became shorter while it was read');
    }
    const part = window.subarray(at - start, at - start + length);
    at += length;
    return part;
  };
  return {
    get at() {
      return at;
    },
    number: (length) => bytes(length).readUIntLE(0, length),
    count(most, of, bytesEach = 0) {
      const value = bytes(8).readBigUInt64LE();
      if (value > most) throw new Error(`it names ${value} ${of}; at most ${most} are possible`);
      check(Number(value) * bytesEach);
      return Number(value);
    },
    text: (length) => bytes(length).toString('utf8'),
    bytes,
    skip(length) {
      check(length);
      at += length;
    },
  };
}

/** Undefined where it is not to be kept. */
function readValue(reader: Reader, type: number, keep: boolean): GgufValue | undefined {
  if (type !== arrayType) {
    const value = readScalar(reader, type, keep);
    return keep ? value : undefined;
  }
  const itemType = reader.number(4);
  const size = sizes.get(itemType);
  const length = reader.count(limits.items, 'items of a list', size ?? 8);
  if (size !== undefined && !keep) {
    reader.skip(size * length);
    return undefined;
  }
  if (itemType !== stringType && size === undefined) throw new Error(`a list of type ${itemType} is not supported`);
  const items: GgufScalar[] = [];
  for (let index = 0; index < length; index += 1) {
    const item = readScalar(reader, itemType, keep);
    if (item !== undefined) items.push(item);
  }
  return keep ? items : undefined;
}

function readScalar(reader: Reader, type: number, keep: boolean): GgufScalar | undefined {
  if (type === stringType) {
    const length = reader.count(limits.text, 'bytes of a text', 1);
    if (keep) return reader.text(length);
    reader.skip(length);
    return undefined;
  }
  const size = sizes.get(type);
  if (size === undefined) throw new Error(`its metadata has a value of the unknown type ${type}`);
  const bytes = reader.bytes(size);
  switch (type) {
    case 1:
      return bytes.readInt8();
    case 3:
      return bytes.readInt16LE();
    case 5:
      return bytes.readInt32LE();
    case 6:
      return bytes.readFloatLE();
    case 7:
      return bytes.readUInt8() !== 0;
    case 10:
      return bytes.readBigUInt64LE();
    case 11:
      return bytes.readBigInt64LE();
    case 12:
      return bytes.readDoubleLE();
    default:
      return bytes.readUIntLE(0, size);
  }
}

/** Every tensor lies within the file: half a download has them beyond its end. */
function checkTensors(
  reader: Reader,
  { tensors, alignment, bytes }: { tensors: number; alignment: GgufValue; bytes: number },
): void {
  if (typeof alignment !== 'number' || alignment < 1 || alignment > 2 ** 20 || alignment % 1 !== 0) {
    throw new Error(`an alignment of ${alignment} is not possible`);
  }
  let [needed, last] = [0, ''];
  for (let index = 0; index < tensors; index += 1) {
    const name = reader.text(reader.count(limits.name, 'bytes of a tensor’s name'));
    const dimensions = reader.number(4);
    if (dimensions < 1 || dimensions > 4) throw new Error(`the tensor ${name} has ${dimensions} dimensions`);
    let values = 1;
    for (let each = 0; each < dimensions; each += 1) values *= Number(reader.bytes(8).readBigUInt64LE());
    // llama.cpp would end the process.
    if (values < 1) throw new Error(`the tensor ${name} is empty`);
    const [perBlock, blockBytes] = blocks.get(reader.number(4)) ?? [1, 0];
    const offset = Number(reader.bytes(8).readBigUInt64LE());
    const end = offset + (values / perBlock) * blockBytes;
    if (end > needed) [needed, last] = [end, name];
  }
  const start = Math.ceil(reader.at / alignment) * alignment;
  if (tensors > 0 && start + needed > bytes) {
    throw new Error(`it is cut short: the tensor ${last} ends at byte ${start + needed} of ${bytes}. Fetch it again`);
  }
}
