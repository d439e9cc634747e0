import { Readable } from 'node:stream';
import { AnswerRefused, openRequest, replyBody } from './open-request.ts';

/** `onBroken`: a body failed while it was read; some readers of streams keep that to themselves. */
export type GuardedFetch = (
  url: string | URL,
  init?: RequestInit & { onBroken?(error: Error): void },
) => Promise<Response>;

/** Statuses whose response must have no body. */
const bodiless = new Set([101, 204, 205, 304]);

/**
 * A `fetch` for URLs that a caller supplied, with a string or no body; addresses are guarded as in `openRequest`. A redirect
 * fails. A body that is longer than `mostBytes` fails while it is read.
 */
export function createGuardedFetch(options: { allowPrivate: boolean; mostBytes: number }): GuardedFetch {
  const { allowPrivate, mostBytes } = options;
  return async (url, { method = 'GET', headers, body, signal, onBroken } = {}) => {
    if (typeof body !== 'string' && body !== undefined && body !== null) throw new TypeError('expected a body of text');
    const reply = await openRequest(url, {
      method,
      headers: Object.fromEntries(new Headers(headers)),
      body: body ?? undefined,
      signal: signal ?? undefined,
      allowPrivate,
    });
    const status = reply.statusCode ?? 0;
    if (status >= 300 && status < 400 && status !== 304) {
      reply.destroy();
      throw new AnswerRefused('it redirects to another address');
    }
    if (status < 200) throw new AnswerRefused('it did not answer with HTTP');
    const bounded = replyBody(reply, mostBytes);
    if (onBroken !== undefined) bounded.on('error', onBroken);
    const replyHeaders = new Headers();
    for (const [name, values] of Object.entries(reply.headersDistinct)) {
      for (const value of values ?? []) replyHeaders.append(name, value);
    }
    if (bodiless.has(status)) bounded.resume();
    return new Response(bodiless.has(status) ? null : webStream(bounded), { status, headers: replyHeaders });
  };
}

/** Node types its web streams apart from those of `fetch`; they are the same ones. */
function webStream(stream: Readable): ReadableStream<Uint8Array> {
  return Readable.toWeb(stream) as ReadableStream<Uint8Array>;
}
