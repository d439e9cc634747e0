import { PassThrough } from 'node:stream';
import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { gatherWrites } from '../../../src/queue/redis/redis-client.ts';

/** A client that writes each command by itself; `held` says what its stream has been told to keep back. */
function client() {
  const stream = new PassThrough();
  const held: boolean[] = [];
  const sendCommand = (command: string) => {
    held.push(stream.writableCorked > 0);
    stream.write(command);
  };
  const sending = { stream: stream as PassThrough | null, sendCommand };
  gatherWrites(sending as unknown as Redis);
  return { sending, stream, held };
}

test('holds back what one turn of the loop writes, with what its promises go on to write, and lets all of it go', async () => {
  const { sending, stream, held } = client();
  sending.sendCommand('a');
  await Promise.resolve();
  expect(stream.readableLength).toBe(0);
  sending.sendCommand('b');
  await new Promise((resolve) => setImmediate(resolve));
  expect(held).toEqual([true, true]);
  expect(stream.writableCorked).toBe(0);
  expect(String(stream.read())).toBe('ab');
  sending.sendCommand('c');
  await new Promise((resolve) => setImmediate(resolve));
  expect(String(stream.read())).toBe('c');
});

test('lets a connection that was replaced meanwhile go, and asks for none that is not there', async () => {
  const { sending, stream } = client();
  sending.sendCommand('a');
  sending.stream = null;
  sending.sendCommand('b');
  await new Promise((resolve) => setImmediate(resolve));
  expect(stream.writableCorked).toBe(0);
  sending.sendCommand('c');
  expect(stream.writableCorked).toBe(0);
});
