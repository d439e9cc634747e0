import protobuf from 'protobufjs/minimal.js';
import { describe, expect, it } from 'vitest';
import { bytesOf, mapFields, readerOf } from '../../../../src/models/local/graph/protobuf.ts';

/** One field of each wire type, and one whose tag takes three bytes. */
const message = Buffer.from(
  protobuf.Writer.create()
    .uint32((1 << 3) | 0)
    .uint64(300)
    .uint32((2 << 3) | 1)
    .fixed64(7)
    .uint32((3 << 3) | 2)
    .string('three')
    .uint32((4 << 3) | 5)
    .float(1.5)
    .uint32((5000 << 3) | 2)
    .bytes(new Uint8Array(200))
    .finish(),
);
const whole = { start: 0, end: message.length };

describe('protobuf fields', () => {
  it('are found whatever they are, with the values of those that have a length', () => {
    const found = readerOf(bytesOf(message), whole);
    expect(found.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5000]);
    expect(found.map(({ value }) => value && value.end - value.start)).toEqual([
      undefined,
      undefined,
      5,
      undefined,
      200,
    ]);
  });

  it('stay byte for byte where nothing changes them', () => {
    expect(mapFields(bytesOf(message), whole, () => undefined)).toEqual(message);
  });

  it('are changed, left out and added', () => {
    const changed = mapFields(
      bytesOf(message),
      whole,
      ({ number }) => (number === 3 ? Buffer.from('drei') : number === 5000 ? null : undefined),
      (writer) => writer.uint32((6 << 3) | 2).string('six'),
    );
    const texts = readerOf(bytesOf(changed), { start: 0, end: changed.length });
    expect(
      texts.map(({ number, value }) => (value ? changed.toString('utf8', value.start, value.end) : number)),
    ).toEqual([1, 2, 'drei', 4, 'six']);
  });

  it.each([
    ['a text', Buffer.from('no message at all')],
    ['a cut message', message.subarray(0, message.length - 1)],
  ])('are not found in %s', (_name, bytes) => {
    expect(() => readerOf(bytesOf(bytes), { start: 0, end: bytes.length })).toThrow();
  });
});
