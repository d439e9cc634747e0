import { expect, test, vi } from 'vitest';
import { closeAfter } from '../../src/edge/close-after.ts';

const chunks = (...texts: string[]) => {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const text = texts.shift();
      if (text === undefined) controller.close();
      else controller.enqueue(encoder.encode(text));
    },
  });
};

test('closes once the body has been read, and not before', async () => {
  const close = vi.fn();
  const answer = closeAfter(new Response(chunks('a', 'b'), { status: 201, headers: { 'x-test': '1' } }), close);
  expect(close).not.toHaveBeenCalled();
  expect([answer.status, answer.headers.get('x-test'), await answer.text()]).toEqual([201, '1', 'ab']);
  expect(close).toHaveBeenCalledTimes(1);
});

test('closes when the reader goes away, after the source has heard of it', async () => {
  const order: string[] = [];
  const body = new ReadableStream<Uint8Array>({ cancel: () => void order.push('cancelled') });
  await closeAfter(new Response(body), () => void order.push('closed')).body?.cancel();
  expect(order).toEqual(['cancelled', 'closed']);
});

test('closes when the request’s signal says that the client has gone', async () => {
  const order: string[] = [];
  const body = new ReadableStream<Uint8Array>({ cancel: () => void order.push('cancelled') });
  const client = new AbortController();
  const closed = new Promise<void>((resolve) => {
    const close = () => {
      order.push('closed');
      resolve();
    };
    closeAfter(new Response(body), close, client.signal);
  });
  client.abort();
  await closed;
  expect(order).toEqual(['cancelled', 'closed']);
});

test('closes at once where there is no body, and where the body fails', async () => {
  const close = vi.fn();
  closeAfter(new Response(null, { status: 204 }), close);
  expect(close).toHaveBeenCalledTimes(1);
  const failing = new ReadableStream<Uint8Array>({
    pull() {
      throw new Error('away');
    },
  });
  await expect(closeAfter(new Response(failing), close).text()).rejects.toThrow('away');
  expect(close).toHaveBeenCalledTimes(2);
});
