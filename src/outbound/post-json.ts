import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { AddressRefused, addressRefusal, publicLookup } from './public-address.ts';

export type PostJson = (url: string, body: unknown, options: { signal: AbortSignal }) => Promise<unknown>;

/** The address replied with an error status. */
export class StatusRefused extends Error {
  override readonly name = 'StatusRefused';
  readonly status: number;
  constructor(status: number) {
    super(`the address answered ${status}`);
    this.status = status;
  }
}

const longestReplyBytes = 65_536;

/**
 * POSTs JSON to a URL that a caller supplied, and returns the JSON reply. Unless `allowPrivate`, a non-public IP
 * address is refused, and a name that resolves to one is not reached. Redirects are not followed; replies are limited
 * to 64 KiB and `timeoutMs`.
 * @throws AddressRefused before any lookup, or Error for anything but a 2xx reply with JSON
 */
export function createPostJson(options: { allowPrivate: boolean; timeoutMs: number }): PostJson {
  const post = createPost(options);
  return async (url, body, { signal }) => JSON.parse(await post(url, JSON.stringify(body), { signal }));
}

type Post = (
  url: string,
  payload: string,
  options: { signal: AbortSignal; headers?: Readonly<Record<string, string>> },
) => Promise<string>;

/** Like `createPostJson`, for text that is JSON already; returns the reply's text unparsed. */
export function createPost({ allowPrivate, timeoutMs }: { allowPrivate: boolean; timeoutMs: number }): Post {
  return async (url, payload, { signal, headers = {} }) => {
    const refusal = addressRefusal(url, { allowPrivate });
    if (refusal !== undefined) throw new AddressRefused(refusal);
    const target = new URL(url);
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    return send(target, payload, { signal: bounded, allowPrivate, headers });
  };
}

function send(
  target: URL,
  payload: string,
  {
    signal,
    allowPrivate,
    headers,
  }: { signal: AbortSignal; allowPrivate: boolean; headers: Readonly<Record<string, string>> },
): Promise<string> {
  const request = target.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request(
      target,
      {
        method: 'POST',
        signal,
        // A connection kept open would bypass the lookup.
        agent: false,
        ...(allowPrivate ? {} : { lookup: publicLookup }),
        headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) },
      },
      (reply) => {
        const status = reply.statusCode ?? 0;
        if (status < 200 || status > 299) {
          reply.resume();
          reject(new StatusRefused(status));
          return;
        }
        const chunks: Buffer[] = [];
        let bytes = 0;
        reply.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          chunks.push(chunk);
          if (bytes > longestReplyBytes) reply.destroy(new Error('the reply is too long'));
        });
        reply.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
        reply.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(payload);
  });
}
