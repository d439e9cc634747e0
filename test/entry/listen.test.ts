import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { UnderlyingSource } from 'node:stream/web';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Listening, listen } from '../../src/entry/http/listen.ts';

type Body = { source: UnderlyingSource<Uint8Array>; cancelled: Promise<unknown> };

const bodies = new Map<string, Body>();
let listening: Listening;
beforeAll(async () => {
  listening = await listen({ host: '127.0.0.1', port: 0 });
  listening.serve((request) => {
    const body = bodies.get(new URL(request.url).pathname);
    const headers = { 'content-type': 'text/event-stream', 'x-request-id': 'a' };
    return new Response(new ReadableStream(body?.source, { highWaterMark: 0 }), { headers });
  });
});
afterAll(() => listening.close({ graceMs: 0 }));

/** Answers on a path of its own with a body, and tells when the body is cancelled. */
function serve(path: string, source: Omit<UnderlyingSource<Uint8Array>, 'cancel'>): Body {
  let cancel = (): void => undefined;
  const cancelled = new Promise<void>((resolve) => {
    cancel = resolve;
  });
  const body = { source: { ...source, cancel }, cancelled };
  bodies.set(path, body);
  return body;
}

async function open(path: string): Promise<IncomingMessage> {
  const [response] = await once(get(`${listening.url}${path}`), 'response');
  return response;
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe('an event stream', () => {
  it('sends its headers before its first event', async () => {
    serve('/silent', { pull: () => new Promise(() => {}) });
    const response = await open('/silent');
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({ 'content-type': 'text/event-stream', 'x-request-id': 'a' });
    response.destroy();
  });

  it('is sent to its end', async () => {
    let left = 300;
    serve('/whole', {
      pull(controller) {
        if (left === 0) controller.close();
        else controller.enqueue(bytes(`${left--}\n`.padStart(1_000, '.')));
      },
    });
    let size = 0;
    for await (const chunk of await open('/whole')) size += chunk.length;
    expect(size).toBe(300_000);
  });

  it('is cancelled when its reader goes away', async () => {
    const { cancelled } = serve('/left', { pull: () => new Promise(() => {}) });
    (await open('/left')).destroy();
    await cancelled;
  });

  it('is read no faster than its reader takes it', async () => {
    let made = 0;
    const { cancelled } = serve('/slow', {
      pull(controller) {
        made += 1;
        controller.enqueue(new Uint8Array(1_000_000));
        // More than any socket holds.
        if (made === 64) controller.close();
      },
    });
    const response = await open('/slow');
    response.pause();
    // Until nothing more is made.
    for (let seen = -1; seen < made; await setTimeout(20)) seen = made;
    expect(made).toBeLessThan(64);
    response.destroy();
    await cancelled;
  });

  it('that breaks cuts its connection', async () => {
    let fail = (): void => undefined;
    const failing = new Promise<never>((_, reject) => {
      fail = () => reject(new Error('broken'));
    });
    serve('/broken', { pull: () => failing });
    const response = await open('/broken');
    fail();
    await expect(once(response.resume(), 'end')).rejects.toThrow('aborted');
  });
});
