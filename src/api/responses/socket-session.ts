import { EventSourceParserStream } from 'eventsource-parser/stream';
import { z } from 'zod';
import { ErrorEnvelope } from '../../contracts/service/error-envelope.ts';
import { errorCodes, invalidValue, ServiceError } from '../../contracts/service/service-error.ts';
import type { Caller } from '../caller.ts';
import type { ApiDependencies, ApiEnvironment, ApiLimits, MessageSocket } from '../dependencies.ts';
import { asServiceError, errorEnvelope } from '../errors.ts';
import { isObject, parseTree } from '../read-request.ts';
import { contextItems } from './prompt/earlier-items.ts';
import type { Remembered } from './resolve-context.ts';
import { inputItems, outputItems } from './response-items.ts';

/** The app, asked with what a socket remembers. */
export type Dispatch = (request: Request, environment: ApiEnvironment['Bindings']) => Response | Promise<Response>;

type Session = {
  url: string;
  /** Of each message's request. */
  headers: Headers;
  caller: Caller;
  limits: ApiLimits;
  dispatch: Dispatch;
  dependencies: Pick<ApiDependencies, 'queue' | 'records' | 'log'>;
  /** Whether the key that opened the socket still holds. */
  isKeyValid(): Promise<boolean>;
};

/** Close codes of RFC 6455 and its registry. */
const closing = { done: 1000, goingAway: 1001, policy: 1008, fault: 1011 } as const;

const Ended = z.object({ response: z.object({ id: z.string(), status: z.string() }) });
const StreamFault = z.object({ type: z.literal('error'), code: z.string().nullable(), message: z.string() });

/**
 * Serves one socket by the WebSocket mode of Open Responses: one `response.create` after the other, each answered with the
 * events of the HTTP stream, failures as `error` with a `status`. The last response is remembered, so that a request can
 * continue from it even if it was not stored.
 */
export function serveSocket(socket: MessageSocket, session: Session): void {
  const { limits, dependencies } = session;
  const memory = createMemory(session);
  const waiting: Array<string | undefined> = [];
  let running = false;
  let expired = false;
  let idle: ReturnType<typeof setTimeout> | undefined;
  const life = setTimeout(() => {
    expired = true;
    if (!running) end(socket, limits);
  }, limits.sockets.lifeMs);
  const check = setInterval(() => void closeIfRevoked(socket, session), limits.sockets.checkMs);
  socket.closed.addEventListener('abort', () => {
    for (const timer of [life, check, idle]) clearTimeout(timer);
  });
  const onStopping = () => {
    if (!running) end(socket, limits);
  };
  socket.stopping.addEventListener('abort', onStopping, { signal: socket.closed });
  socket.onMessage((text) => {
    if (waiting.length >= limits.sockets.waiting) return refuseMore(socket, limits);
    waiting.push(text);
    if (!running) void run();
  });
  // A socket that was opened while the service began to stop gets no `stopping` event any more.
  if (socket.stopping.aborted) end(socket, limits);
  else rest();

  /** Until the next message. */
  function rest(): void {
    idle = setTimeout(() => socket.close(closing.done, 'Idle.'), limits.sockets.idleMs);
  }

  /** Answers the messages that wait, one after the other. */
  async function run(): Promise<void> {
    running = true;
    clearTimeout(idle);
    try {
      while (waiting.length > 0 && !socket.closed.aborted && !expired && !socket.stopping.aborted) {
        await answerMessage(waiting.shift(), { socket, session, memory });
      }
    } catch (error) {
      if (!socket.closed.aborted) {
        dependencies.log.error({ err: error }, 'a WebSocket broke');
        socket.close(closing.fault, 'An internal error occurred.');
      }
    }
    running = false;
    if (expired || socket.stopping.aborted) end(socket, limits);
    else if (!socket.closed.aborted) rest();
  }
}

/** Because the service stops, or because the socket has been open for as long as it may. */
function end(socket: MessageSocket, { sockets }: ApiLimits): void {
  if (socket.stopping.aborted) {
    socket.close(closing.goingAway, 'The service is stopping.');
    return;
  }
  const message = `This connection has been open for ${Math.round(sockets.lifeMs / 60_000)} minutes. Open another.`;
  sendFault(socket, new ServiceError({ code: 'websocket_connection_limit_reached', message }))
    .catch(() => undefined)
    .finally(() => socket.close(closing.done, 'The connection has been open for the maximum time.'));
}

function refuseMore(socket: MessageSocket, { sockets }: ApiLimits): void {
  const message = `Too many messages are waiting; expected at most ${sockets.waiting}.`;
  sendFault(socket, new ServiceError({ code: 'rate_limit_exceeded', message }))
    .catch(() => undefined)
    .finally(() => socket.close(closing.policy, 'Too many messages wait.'));
}

async function closeIfRevoked(socket: MessageSocket, { isKeyValid }: Session): Promise<void> {
  // If the key store is unreachable, nothing is revoked.
  const valid = await isKeyValid().catch(() => true);
  if (!valid) socket.close(closing.policy, 'The key was revoked.');
}

type Conversing = { socket: MessageSocket; session: Session; memory: Memory };

/** One message, from its reading to the last event of its response. */
async function answerMessage(text: string | undefined, { socket, session, memory }: Conversing): Promise<void> {
  let previous: unknown;
  try {
    const { type: _type, ...body } = readMessage(text, session.limits);
    previous = body['previous_response_id'];
    const remembered = typeof previous === 'string' ? await memory.recall(previous) : undefined;
    const request = new Request(session.url, {
      method: 'POST',
      headers: session.headers,
      body: JSON.stringify({ ...body, stream: true }),
      signal: socket.closed,
    });
    const answer = await session.dispatch(request, remembered === undefined ? {} : { remembered });
    if (answer.ok && answer.body !== null) return await relay(answer.body, previous, { socket, memory });
    memory.forget(previous);
    await sendRefusal(socket, answer);
  } catch (error) {
    if (socket.closed.aborted) return;
    memory.forget(previous);
    const fault = asServiceError(error);
    if (fault.code === 'server_error') session.dependencies.log.error({ err: error }, 'a WebSocket message failed');
    await sendFault(socket, fault);
  }
}

async function sendRefusal(socket: MessageSocket, answer: Response): Promise<void> {
  const { error } = ErrorEnvelope.parse(await answer.json());
  await socket.send(JSON.stringify({ type: 'error', status: answer.status, error }));
  if (answer.status === 401) socket.close(closing.policy, 'The key is unknown or was revoked.');
}

/** Sends the events of an HTTP stream on. `previous`: the response that the request continues from. */
async function relay(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  previous: unknown,
  { socket, memory }: Pick<Conversing, 'socket' | 'memory'>,
): Promise<void> {
  const events = body
    .pipeThrough(new TextDecoderStream(), { signal: socket.closed })
    .pipeThrough(new EventSourceParserStream());
  for await (const { event, data } of events) {
    if (event === undefined) continue;
    if (event === 'error') {
      memory.forget(previous);
      await sendFault(socket, streamFault(JSON.parse(data)));
      continue;
    }
    // Remembered before it is sent, because the next message may name it at once.
    if (/^response\.(completed|incomplete|failed)$/.test(event)) await memory.keep(JSON.parse(data), previous);
    await socket.send(data);
  }
}

/** The last response of a socket, with the items of its conversation. */
type Memory = {
  /** The response's items; undefined if they are to be read from the store. @throws ServiceError `previous_response_not_found` */
  recall(id: string): Promise<Remembered | undefined>;
  /** Keeps the response that the event `end` ends. Never throws: the answer is whole without it. */
  keep(end: unknown, previous: unknown): Promise<void>;
  /** After a request that continued from this response has failed: it can be continued again only if it was stored. */
  forget(previous: unknown): void;
};

function createMemory({ caller, limits, dependencies }: Session): Memory {
  const { queue, log } = dependencies;
  let last: Remembered | undefined;
  return {
    async recall(id) {
      if (last?.id === id) return last;
      const snapshot = /^resp_[\w-]{1,64}$/.test(id) ? await queue.get(id) : undefined;
      if (snapshot?.job.owner === caller.owner && snapshot.job.store) return undefined;
      throw new ServiceError({
        code: 'previous_response_not_found',
        message: `There is no response '${id.slice(0, 80)}' to continue from. Send the whole conversation as input.`,
        param: 'previous_response_id',
      });
    },
    keep: (end, previous) =>
      keep(end, previous).catch((error: unknown) => {
        last = undefined;
        log.error({ err: error }, 'a WebSocket could not keep its last response');
      }),
    forget,
  };

  async function keep(end: unknown, previous: unknown): Promise<void> {
    const { id, status } = Ended.parse(end).response;
    if (status === 'failed') return forget(previous);
    const snapshot = await queue.get(id);
    const before = last?.id === previous ? last : undefined;
    last = undefined;
    if (snapshot === undefined) return;
    const { job } = snapshot;
    const context = before?.items ?? (await contextItems(dependencies, job, { caller, thoughts: 'all' }));
    const items = [...context, ...inputItems(job), ...(await outputItems(queue, snapshot))];
    // A larger one can be continued only if it was stored.
    if (Buffer.byteLength(JSON.stringify(items)) <= limits.sockets.rememberedBytes) last = { ...before, id, items };
  }

  function forget(previous: unknown): void {
    if (last?.id === previous) last = undefined;
  }
}

function sendFault(socket: MessageSocket, fault: ServiceError): Promise<void> {
  return socket.send(JSON.stringify({ type: 'error', status: fault.status, ...errorEnvelope(fault) }));
}

function streamFault(data: unknown): ServiceError {
  const { code, message } = StreamFault.parse(data);
  const known = z.enum(Object.keys(errorCodes)).safeParse(code).success;
  return known ? new ServiceError({ code: code as ServiceError['code'], message }) : asServiceError(undefined);
}

/** @throws ServiceError `invalid_json`, `body_too_large`, `invalid_value` */
function readMessage(text: string | undefined, limits: ApiLimits): Record<string, unknown> {
  if (text === undefined) {
    throw new ServiceError({ code: 'invalid_json', message: 'Expected a text message, got a binary one.' });
  }
  const bytes = Buffer.from(text);
  if (bytes.byteLength > limits.bodyBytes) {
    throw new ServiceError({
      code: 'body_too_large',
      message: `The message is too large; expected at most ${limits.bodyBytes} bytes.`,
    });
  }
  // Within the limits of a body from here on: JSON that is nested very deeply can be parsed, but not written again.
  const body = parseTree(bytes, limits);
  if (!isObject(body)) throw new ServiceError({ code: 'invalid_json', message: 'Expected a JSON object.' });
  if (body['type'] !== 'response.create') throw invalidValue('type', "expected 'response.create'");
  if (body['background']) throw invalidValue('background', 'a response of a WebSocket is always streamed');
  if (body['generate'] === false) throw invalidValue('generate', 'there is nothing to warm up; leave it out');
  return body;
}
