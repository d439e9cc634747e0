import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Readable, Transform } from 'node:stream';
import { AddressRefused, addressRefusal, publicLookup } from './public-address.ts';

/** `onBroken`: a body failed while it was read; some readers of streams keep that to themselves. */
export type GuardedFetch = (
  url: string | URL,
  init?: RequestInit & { onBroken?(error: Error): void },
) => Promise<Response>;

/** The address answered with what is not taken from it. */
export class AnswerRefused extends Error {
  override readonly name = 'AnswerRefused';
}

/** Statuses whose response must have no body. */
const bodiless = new Set([101, 204, 205, 304]);

/**
 * A `fetch` for addresses that a caller named, with a text or no body. As `createPost`: unless `allowPrivate`, what is not public
 * is refused, after its name was resolved too. Redirects are not followed: they fail. A body that is longer than `mostBytes` fails
 * while it is read.
 */
export function createGuardedFetch(options: { allowPrivate: boolean; mostBytes: number }): GuardedFetch {
  const { allowPrivate, mostBytes } = options;
  return async (url, { method = 'GET', headers, body, signal, onBroken } = {}) => {
    const target = new URL(url);
    const refusal = addressRefusal(target.href, { allowPrivate });
    if (refusal !== undefined) throw new AddressRefused(refusal);
    if (typeof body !== 'string' && body !== undefined && body !== null) throw new TypeError('expected a body of text');
    const reply = await send(target, {
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
    const bounded = reply.pipe(limitBytes(mostBytes));
    reply.on('error', (error) => bounded.destroy(error));
    if (onBroken !== undefined) bounded.on('error', onBroken);
    bounded.on('close', () => reply.destroy());
    const replyHeaders = new Headers();
    for (const [name, values] of Object.entries(reply.headersDistinct)) {
      for (const value of values ?? []) replyHeaders.append(name, value);
    }
    if (bodiless.has(status)) bounded.resume();
    return new Response(bodiless.has(status) ? null : webStream(bounded), { status, headers: replyHeaders });
  };
}

type Sent = {
  method: string;
  headers: Record<string, string>;
  body: string | undefined;
  signal: AbortSignal | undefined;
  allowPrivate: boolean;
};

function send(target: URL, { method, headers, body, signal, allowPrivate }: Sent): Promise<IncomingMessage> {
  const request = target.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request(
      target,
      {
        method,
        headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
        // A connection that was kept open would pass by the lookup.
        agent: false,
        ...(allowPrivate ? {} : { lookup: publicLookup }),
        ...(signal === undefined ? {} : { signal }),
      },
      resolve,
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

function limitBytes(most: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > most) done(new AnswerRefused(`its answer is longer than ${most} bytes`));
      else done(null, chunk);
    },
  });
}

/** Node types its web streams apart from those of `fetch`; they are the same ones. */
function webStream(stream: Readable): ReadableStream<Uint8Array> {
  return Readable.toWeb(stream) as ReadableStream<Uint8Array>;
}
