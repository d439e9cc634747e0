import { Agent, request } from 'node:http';
import { connect } from 'node:net';

/** One hostile request. `raw`: the bytes of a connection, in pieces; else a request that node's client can make. */
export type Case = {
  name: string;
  method?: string;
  path?: string;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
  raw?: RawSteps;
};

/** `halfClose`: ends our side after the last piece. `hangUp`: destroys the socket instead of reading. */
export type RawSteps = { pieces: readonly (string | Buffer)[]; halfClose?: boolean; hangUp?: boolean };

export type Outcome = { status: number | undefined; text: string; headers: string };

/** ms that any answer may take; a response that would be waited for longer counts as one that hangs. */
const patienceMs = 60_000;

export function createSender({ url, secret }: { url: URL; secret: string }) {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  return {
    send: (one: Case): Promise<Outcome> => (one.raw ? sendRaw(one.raw) : sendRequest(one)),
    close: () => agent.destroy(),
  };

  function sendRequest({ method = 'GET', path = '/', headers = {}, body }: Case): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          agent,
          host: url.hostname,
          port: url.port,
          method,
          path,
          headers: {
            authorization: `Bearer ${secret}`,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
            ...headers,
          },
        },
        (reply) => {
          const chunks: Buffer[] = [];
          reply.on('data', (chunk: Buffer) => chunks.push(chunk));
          reply.on('error', reject);
          reply.on('end', () => {
            clearTimeout(late);
            const text = Buffer.concat(chunks).toString('utf8');
            resolve({ status: reply.statusCode, text, headers: JSON.stringify(reply.headers) });
          });
        },
      );
      const late = setTimeout(() => sent.destroy(new Error('no answer')), patienceMs);
      sent.on('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(late);
        // A server may close before all of a body that it refuses was sent.
        if (error.code === 'ECONNRESET' || error.code === 'EPIPE')
          resolve({ status: undefined, text: '', headers: '' });
        else reject(error);
      });
      sent.end(body);
    });
  }

  function sendRaw({ pieces, halfClose = false, hangUp = false }: RawSteps): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      const socket = connect({ host: url.hostname, port: Number(url.port), allowHalfOpen: true });
      const late = setTimeout(() => socket.destroy(new Error('the connection was left open')), patienceMs);
      const done = () => {
        clearTimeout(late);
        const text = Buffer.concat(chunks).toString('utf8');
        const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
        resolve({ status: status === undefined ? undefined : Number(status), text, headers: '' });
      };
      socket.on('connect', async () => {
        for (const piece of pieces) await new Promise<void>((written) => socket.write(piece, () => written()));
        if (hangUp) {
          socket.destroy();
          done();
        } else if (halfClose) socket.end();
      });
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      socket.on('end', () => {
        socket.end();
        done();
      });
      socket.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNRESET' || error.code === 'EPIPE') done();
        else {
          clearTimeout(late);
          reject(error);
        }
      });
    });
  }
}
