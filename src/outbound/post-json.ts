import { text } from 'node:stream/consumers';
import { openRequest, replyBody } from './open-request.ts';

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
 * POSTs JSON to a URL that a caller supplied, and returns the JSON reply. Addresses are guarded as in `openRequest`; replies
 * are limited to 64 KiB and `timeoutMs`.
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
    const reply = await openRequest(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: payload,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      allowPrivate,
    });
    const status = reply.statusCode ?? 0;
    if (status >= 200 && status <= 299) return text(replyBody(reply, longestReplyBytes));
    reply.resume();
    throw new StatusRefused(status);
  };
}
