import { Server } from 'node:http';
import { createAdaptorServer, type Http2Bindings, type HttpBindings } from '@hono/node-server';
import type { OpenSocket } from '../api/dependencies.ts';
import { StartError } from './start-error.ts';
import { createWebSockets, ignoreOtherUpgrades } from './web-sockets.ts';

/** `bindings` are the library's, by which a WebSocket is opened. */
type Answer = (request: Request, bindings: HttpBindings | Http2Bindings) => Response | Promise<Response>;

export type Listening = {
  /** As a person would open it: `http://127.0.0.1:8080`. */
  url: string;
  /** What answers from now on; until then every request gets 503 with `Retry-After`. */
  serve(fetch: Answer): void;
  /** For requests that this server passed to `serve`. */
  openSocket: OpenSocket;
  /** Takes no new connection, lets running answers end for up to `graceMs`, then cuts them. */
  close(options: { graceMs: number }): Promise<void>;
};

/** A request's head and body must arrive in time; answers may stream for as long as they like. ms; a look may come that late. */
const defaultPatience = { headMs: 20_000, requestMs: 60_000, lookMs: 5_000 };

/**
 * Binds the address before anything slow is opened, so that a busy port is told at once.
 * @throws StartError for an address that can't be bound, in the words of `fault`
 */
export async function listen({
  host,
  port,
  fault = async (error) => error.message,
  messageBytes = 1_048_576,
  patience = {},
}: {
  host: string;
  port: number;
  fault?: (error: NodeJS.ErrnoException) => Promise<string>;
  /** Of one message of a WebSocket, at most. */
  messageBytes?: number;
  patience?: Partial<typeof defaultPatience>;
}): Promise<Listening> {
  let answer: Answer = starting;
  const { headMs, requestMs, lookMs } = { ...defaultPatience, ...patience };
  const sockets = createWebSockets({ maxBytes: messageBytes });
  const server = createAdaptorServer({
    fetch: (request, bindings) => answer(request, bindings),
    overrideGlobalObjects: false,
    serverOptions: { connectionsCheckingInterval: lookMs },
    websocket: { server: sockets.server },
  });
  if (!(server instanceof Server)) throw new Error('no server of HTTP/1.1');
  ignoreOtherUpgrades(server);
  server.headersTimeout = headMs;
  server.requestTimeout = requestMs;
  server.keepAliveTimeout = 65_000;
  try {
    await bind(server, { host, port });
  } catch (error) {
    throw error instanceof Error ? new StartError(await fault(error)) : error;
  }
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: addressUrl({ host, port: bound }),
    serve(fetch) {
      answer = fetch;
    },
    openSocket: sockets.open,
    async close({ graceMs }) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      await sockets.close({ graceMs });
      await closed;
      clearTimeout(cut);
    },
  };
}

/** Where this machine reaches what listens there. */
export function addressUrl({ host, port }: { host: string; port: number }): string {
  const reached = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}

function bind(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
}

function starting(): Response {
  const error = {
    message: 'The service is starting.',
    type: 'service_unavailable',
    code: 'backend_unavailable',
    param: null,
  };
  return Response.json({ error }, { status: 503, headers: { 'retry-after': '1' } });
}
