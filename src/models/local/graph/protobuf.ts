import protobuf from 'protobufjs/minimal.js';

/** Bytes of a message, wherever it lies: a file is read piece by piece. Fewer come back at its end. */
export type ReadBytes = (at: number, length: number) => Buffer;

export type Span = { start: number; end: number };

/** One field of a message: the whole of it, and what is in it where it has a length (text, bytes, messages). */
export type Field = Span & { number: number; value: Span | undefined };

/** More than a tag and a length take. */
const headBytes = 20;

/** The fields of a message, without reading their values. @throws Error if it is not a message */
export function readerOf(read: ReadBytes, { start, end }: Span): Field[] {
  const found: Field[] = [];
  for (let at = start; at < end; ) {
    const head = protobuf.Reader.create(read(at, headBytes));
    const tag = head.uint32();
    const wireType = tag & 7;
    let value: Span | undefined;
    if (wireType === 2) {
      const length = head.uint32();
      value = { start: at + head.pos, end: at + head.pos + length };
    } else head.skipType(wireType);
    const next = value?.end ?? at + head.pos;
    if (next > end || tag >> 3 === 0) throw new Error('it is not a protobuf message');
    found.push({ number: tag >>> 3, start: at, end: next, value });
    at = next;
  }
  return found;
}

/**
 * A message with some of its fields changed, in their order: `change` gives a field's new value, null to leave it out,
 * undefined to keep it. `append` writes more at the end.
 */
export function mapFields(
  read: ReadBytes,
  message: Span,
  change: (field: Field) => Buffer | null | undefined,
  append?: (writer: protobuf.Writer) => void,
): Buffer {
  const parts: Uint8Array[] = [];
  for (const field of readerOf(read, message)) {
    const changed = change(field);
    if (changed === null) continue;
    if (changed === undefined) parts.push(read(field.start, field.end - field.start));
    else
      parts.push(
        protobuf.Writer.create()
          .uint32((field.number << 3) | 2)
          .uint32(changed.length)
          .finish(),
        changed,
      );
  }
  if (append) {
    const writer = protobuf.Writer.create();
    append(writer);
    parts.push(writer.finish());
  }
  return Buffer.concat(parts);
}

/** Reads a message that is in memory. */
export function bytesOf(message: Buffer): ReadBytes {
  return (at, length) => message.subarray(at, at + length);
}

/** A message in memory with its fields of these numbers changed. */
export function mapEach(
  message: Buffer,
  numbers: number | readonly number[],
  change: (value: Buffer) => Buffer | undefined,
): Buffer {
  const wanted = new Set([numbers].flat());
  return mapFields(bytesOf(message), { start: 0, end: message.length }, ({ number, value }) =>
    wanted.has(number) && value ? change(message.subarray(value.start, value.end)) : undefined,
  );
}

/** The text of a message's first field of that number; empty where it has none. */
export function textField(message: Buffer, wanted: number): string {
  const field = readerOf(bytesOf(message), { start: 0, end: message.length }).find(({ number }) => number === wanted);
  return field ? textOf(message, field) : '';
}

/** The text of one of its fields. */
export function textOf(message: Buffer, { value }: Field): string {
  return value ? message.toString('utf8', value.start, value.end) : '';
}
