import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type Readable, Transform } from 'node:stream';
import { AddressRefused, addressRefusal, publicLookup } from './public-address.ts';

/** The address answered with something that is not accepted from it. */
export class AnswerRefused extends Error {
  override readonly name = 'AnswerRefused';
}

/**
 * Sends a request to a URL that a caller supplied, and resolves when the head of its reply is there. Unless `allowPrivate`, a
 * non-public IP address is refused, and a name that resolves to one is not reached. Redirects are not followed.
 * @throws AddressRefused before any lookup, or Error if there is no reply
 */
export async function openRequest(
  url: string | URL,
  options: {
    method: string;
    headers: Readonly<Record<string, string>>;
    body?: string | undefined;
    signal?: AbortSignal | undefined;
    allowPrivate: boolean;
  },
): Promise<IncomingMessage> {
  const { method, headers, body, signal, allowPrivate } = options;
  const target = new URL(url);
  const refusal = addressRefusal(target.href, { allowPrivate });
  if (refusal !== undefined) throw new AddressRefused(refusal);
  const request = target.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request(
      target,
      {
        method,
        headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
        // A connection kept open would bypass the lookup.
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

/** The body of a reply. Fails while it is read, with AnswerRefused if it is longer than `mostBytes`. */
export function replyBody(reply: IncomingMessage, mostBytes: number): Readable {
  let bytes = 0;
  const bounded = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > mostBytes) done(new AnswerRefused(`its answer is longer than ${mostBytes} bytes`));
      else done(null, chunk);
    },
  });
  reply.on('error', (error) => bounded.destroy(error));
  bounded.on('close', () => reply.destroy());
  return reply.pipe(bounded);
}
