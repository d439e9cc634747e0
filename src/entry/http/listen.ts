import { Server, ServerResponse } from 'node:http';
import { createAdaptorServer, type Http2Bindings, type HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { OpenSocket } from '../../api/dependencies.ts';
import { waitAtMost } from '../../core/deadlines.ts';
import type { Environment } from '../environment.ts';
import { probeService } from '../probe-service.ts';
import { StartError } from '../run-entry.ts';
import { createWebSockets, ignoreOtherUpgrades } from './web-sockets.ts';

/** What was typed to start this process: what advice repeats. */
export type Invocation = {
  /** `thinkfirst serve --api-only`, `npm run worker`. */
  command: string;
  /** What runs both halves. */
  whole: string;
  /** Options of the command that stand for variables, `PORT: '--port'`; npm's has none. */
  options: Readonly<Record<string, string>>;
};

/** Of the scripts in package.json. */
export function npmInvocation({ api, worker }: { api: boolean; worker: boolean }): Invocation {
  const command = api && worker ? 'npm start' : api ? 'npm run serve' : 'npm run worker';
  return { command, whole: 'npm start', options: {} };
}

/** The same command with other settings: `PORT=8081 npm start`, `thinkfirst serve --port 8081`. */
function again({ command, options }: Invocation, settings: Readonly<Record<string, string | number>>): string {
  const variables: string[] = [];
  const words: string[] = [];
  for (const [name, value] of Object.entries(settings)) {
    const option = options[name];
    if (option === undefined) variables.push(`${name}=${value}`);
    else words.push(`${option} ${value}`);
  }
  return [...variables, command, ...words].join(' ');
}

/** ms */
const answerMs = 1_000;

/**
 * Why the API's address can't be bound, and what to do. `metricsPort`: the one that this process has opened for itself by now.
 */
export async function bindFault(
  error: NodeJS.ErrnoException,
  {
    environment: { HOST: host, PORT: port, REDIS_URL },
    invocation,
    metricsPort,
  }: {
    environment: Pick<Environment, 'HOST' | 'PORT' | 'REDIS_URL'>;
    invocation: Invocation;
    metricsPort: number | undefined;
  },
): Promise<string> {
  const other = port < 65_535 ? port + 1 : port - 1;
  switch (error.code) {
    case 'EADDRINUSE': {
      if (port === metricsPort) {
        return `PORT and METRICS_PORT are both ${port}. Change one of them: ${again(invocation, { METRICS_PORT: other })}`;
      }
      const inUse = `Port ${port} on ${host} is in use`;
      if ((await probeService(addressUrl({ host, port }), answerMs)) !== 'absent') {
        // Without Redis one process alone may have the folder.
        const folder = REDIS_URL === undefined ? { THINKFIRST_DATA: `data-${other}` } : {};
        return `${inUse} by another Thinkfirst service. To start a second one: ${again(invocation, { PORT: other, ...folder })}`;
      }
      return `${inUse}. Stop the program that uses it, or choose another port: ${again(invocation, { PORT: other })}`;
    }
    case 'EACCES':
      return `Port ${port} cannot be opened by this user. Choose one above 1023: ${again(invocation, { PORT: 8080 })}`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `HOST ${host} is not an address of this machine.`;
    default:
      return `Can't listen on ${host}:${port} (${error.code ?? error.message}).`;
  }
}

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
    fetch: (request, bindings) => answered(answer(request, bindings), bindings.outgoing),
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
      const ended = Promise.all([closed, sockets.close({ graceMs })]);
      if (!(await waitAtMost(ended, graceMs))) server.closeAllConnections();
      await ended;
    },
  };
}

/** Sends event streams itself, and leaves all other answers to the library. */
async function answered(
  answer: Response | Promise<Response>,
  outgoing: (HttpBindings | Http2Bindings)['outgoing'],
): Promise<Response> {
  const response = await answer;
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  if (!isStream || response.body === null || !(outgoing instanceof ServerResponse)) return response;
  outgoing.writeHead(response.status, [...response.headers].flat());
  sendStream(response.body, outgoing);
  return RESPONSE_ALREADY_SENT;
}

/**
 * Writes a body as fast as its reader takes it, and cancels it when the reader is gone. Holds only the body: the library would hold the
 * response and its headers as well until the stream ends, which is more than half of an idle stream's memory there.
 */
function sendStream(body: ReadableStream<Uint8Array>, outgoing: ServerResponse): void {
  const reader = body.getReader();
  const cancel = () => void reader.cancel().catch(() => undefined);
  const write = ({ done, value }: Awaited<ReturnType<typeof reader.read>>) => {
    if (done) outgoing.end();
    else if (outgoing.write(value)) read();
    else outgoing.once('drain', read);
  };
  const read = () => void reader.read().then(write).catch(fail);
  const fail = (error: unknown) => outgoing.destroy(error instanceof Error ? error : new Error(String(error)));
  outgoing.once('close', cancel).on('error', cancel);
  if (outgoing.destroyed) cancel();
  // The headers leave at once, together with the events that are there already.
  outgoing.cork();
  outgoing.flushHeaders();
  read();
  process.nextTick(() => outgoing.uncork());
}

/** Where this machine reaches what listens there. */
function addressUrl({ host, port }: { host: string; port: number }): string {
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
