import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { AddressRefused, addressRefusal, publicLookup } from './public-address.ts';

export type PostJson = (url: string, body: unknown, options: { signal: AbortSignal }) => Promise<unknown>;

/** The address answered, and not with success. */
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
 * POSTs JSON to an address that a caller named, and gives its JSON reply. Unless `allowPrivate`, a literal that is not public is
 * refused, and a name of such an address is not reached; redirects are not followed; replies are bounded at 64 KiB and by `timeoutMs`.
 * @throws AddressRefused before anything is looked up, or Error for anything but a 2xx reply of JSON
 */
export function createPostJson(options: { allowPrivate: boolean; timeoutMs: number }): PostJson {
  const post = createPost(options);
  return async (url, body, { signal }) => JSON.parse(await post(url, JSON.stringify(body), { signal }));
}

export type Post = (
  url: string,
  payload: string,
  options: { signal: AbortSignal; headers?: Readonly<Record<string, string>> },
) => Promise<string>;

/** As `createPostJson`, of text that is JSON already; gives the reply's text, whatever it is. */
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
        // A connection that was kept open would pass by the lookup.
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
