import { EventSourceParserStream } from 'eventsource-parser/stream';
import { z } from 'zod';
import { ErrorEnvelope } from '../../contracts/service/error-envelope.ts';
import { errorCodes, invalidValue, ServiceError } from '../../contracts/service/service-error.ts';
import type { Caller } from '../caller.ts';
import type { ApiDependencies, ApiEnvironment, ApiLimits, MessageSocket } from '../dependencies.ts';
import { asServiceError, errorEnvelope } from '../errors.ts';
import { isObject } from '../read-request.ts';
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
 * events of the HTTP stream, failures as `error` with a `status`. The last response is remembered, so that a request goes on
 * from it though it was not stored.
 */
export function serveSocket(socket: MessageSocket, session: Session): void {
  const { limits, dependencies } = session;
  const { log } = dependencies;
  const waiting: Array<string | undefined> = [];
  let last: Remembered | undefined;
  let running = false;
  let expired = false;
  let idle: ReturnType<typeof setTimeout> | undefined;
  const life = setTimeout(() => {
    expired = true;
    if (!running) end();
  }, limits.sockets.lifeMs);
  const check = setInterval(() => {
    session
      .isKeyValid()
      .then((valid) => (valid ? undefined : socket.close(closing.policy, 'The key was revoked.')))
      // A store that is away revokes nothing.
      .catch(() => undefined);
  }, limits.sockets.checkMs);
  socket.closed.addEventListener('abort', () => {
    for (const timer of [life, check, idle]) clearTimeout(timer);
  });
  socket.stopping.addEventListener('abort', () => {
    if (!running) end();
  });
  socket.onMessage((text) => {
    if (waiting.length >= limits.sockets.waiting) {
      const message = `Too many messages are waiting; expected at most ${limits.sockets.waiting}.`;
      sendFault(new ServiceError({ code: 'rate_limit_exceeded', message }))
        .catch(() => undefined)
        .finally(() => socket.close(closing.policy, 'Too many messages wait.'));
      return;
    }
    waiting.push(text);
    if (!running) void run();
  });
  // One that shook hands while the service began to stop isn't told of it any more.
  if (socket.stopping.aborted) end();
  else rest();

  /** Until the next message. */
  function rest(): void {
    idle = setTimeout(() => socket.close(closing.done, 'Idle.'), limits.sockets.idleMs);
  }

  async function run(): Promise<void> {
    running = true;
    clearTimeout(idle);
    try {
      while (waiting.length > 0 && !socket.closed.aborted && !expired && !socket.stopping.aborted) {
        await turn(waiting.shift());
      }
    } catch (error) {
      if (!socket.closed.aborted) {
        log.error({ err: error }, 'a WebSocket broke');
        socket.close(closing.fault, 'An internal error occurred.');
      }
    }
    running = false;
    if (expired || socket.stopping.aborted) end();
    else if (!socket.closed.aborted) rest();
  }

  function end(): void {
    if (socket.stopping.aborted) {
      socket.close(closing.goingAway, 'The service is stopping.');
      return;
    }
    const message = `This connection has been open for ${Math.round(limits.sockets.lifeMs / 60_000)} minutes. Open another.`;
    sendFault(new ServiceError({ code: 'websocket_connection_limit_reached', message }))
      .catch(() => undefined)
      .finally(() => socket.close(closing.done, 'The connection has been open for the maximum time.'));
  }

  /** One message, from its reading to the last event of its response. */
  async function turn(text: string | undefined): Promise<void> {
    let previous: unknown;
    try {
      const { type: _type, ...body } = readMessage(text, limits);
      previous = body['previous_response_id'];
      const remembered = typeof previous === 'string' ? await rememberedOrStored(previous) : undefined;
      const request = new Request(session.url, {
        method: 'POST',
        headers: session.headers,
        body: JSON.stringify({ ...body, stream: true }),
        signal: socket.closed,
      });
      const answer = await session.dispatch(request, remembered === undefined ? {} : { remembered });
      if (!answer.ok || answer.body === null) return await refused(answer, previous);
      await relay(answer.body, previous);
    } catch (error) {
      if (socket.closed.aborted) return;
      forget(previous);
      const fault = asServiceError(error);
      if (fault.code === 'server_error') log.error({ err: error }, 'a WebSocket message failed');
      await sendFault(fault);
    }
  }

  /** What is kept of the response that a request goes on from; undefined where it is read from the store. */
  async function rememberedOrStored(id: string): Promise<Remembered | undefined> {
    if (last?.id === id) return last;
    const snapshot = /^resp_[\w-]{1,64}$/.test(id) ? await dependencies.queue.get(id) : undefined;
    if (snapshot?.job.owner === session.caller.owner && snapshot.job.store) return undefined;
    throw new ServiceError({
      code: 'previous_response_not_found',
      message: `There is no response '${id.slice(0, 80)}' to continue from. Send the whole conversation as input.`,
      param: 'previous_response_id',
    });
  }

  async function refused(answer: Response, previous: unknown): Promise<void> {
    forget(previous);
    const { error } = ErrorEnvelope.parse(await answer.json());
    await socket.send(JSON.stringify({ type: 'error', status: answer.status, error }));
    if (answer.status === 401) socket.close(closing.policy, 'The key is unknown or was revoked.');
  }

  async function relay(body: ReadableStream<Uint8Array>, previous: unknown): Promise<void> {
    const events = body
      .pipeThrough(new TextDecoderStream(), { signal: socket.closed })
      .pipeThrough(new EventSourceParserStream());
    for await (const { event, data } of events) {
      if (event === undefined) continue;
      if (event === 'error') {
        forget(previous);
        await sendFault(streamFault(JSON.parse(data)));
        continue;
      }
      const isEnd = /^response\.(completed|incomplete|failed)$/.test(event);
      // What follows may name it at once.
      if (isEnd) await remember(JSON.parse(data), previous).catch(unremembered);
      await socket.send(data);
    }
  }

  async function remember(end: unknown, previous: unknown): Promise<void> {
    const { id, status } = Ended.parse(end).response;
    if (status === 'failed') return forget(previous);
    const snapshot = await dependencies.queue.get(id);
    const before = last?.id === previous ? last : undefined;
    last = undefined;
    if (snapshot === undefined) return;
    const { job } = snapshot;
    const context =
      before?.items ?? (await contextItems(dependencies, job, { caller: session.caller, thoughts: 'all' }));
    const items = [...context, ...inputItems(job), ...(await outputItems(dependencies.queue, snapshot))];
    // What is larger can be gone on from if it was stored.
    if (Buffer.byteLength(JSON.stringify(items)) <= limits.sockets.rememberedBytes) last = { ...before, id, items };
  }

  /** The answer is whole all the same. */
  function unremembered(error: unknown): void {
    last = undefined;
    log.error({ err: error }, 'a WebSocket could not keep its last response');
  }

  /** A response that a request failed to go on from is not gone on from again, unless it was stored. */
  function forget(previous: unknown): void {
    if (last?.id === previous) last = undefined;
  }

  function sendFault(fault: ServiceError): Promise<void> {
    return socket.send(JSON.stringify({ type: 'error', status: fault.status, ...errorEnvelope(fault) }));
  }
}

function streamFault(data: unknown): ServiceError {
  const { code, message } = StreamFault.parse(data);
  const known = z.enum(Object.keys(errorCodes)).safeParse(code).success;
  return known ? new ServiceError({ code: code as ServiceError['code'], message }) : asServiceError(undefined);
}

/** @throws ServiceError `invalid_json`, `body_too_large`, `invalid_value` */
function readMessage(text: string | undefined, { bodyBytes }: ApiLimits): Record<string, unknown> {
  if (text === undefined) {
    throw new ServiceError({ code: 'invalid_json', message: 'Expected a text message, got a binary one.' });
  }
  if (Buffer.byteLength(text) > bodyBytes) {
    throw new ServiceError({
      code: 'body_too_large',
      message: `The message is too large; expected at most ${bodyBytes} bytes.`,
    });
  }
  const body = parsed(text);
  if (!isObject(body)) throw new ServiceError({ code: 'invalid_json', message: 'Expected a JSON object.' });
  if (body['type'] !== 'response.create') throw invalidValue('type', "expected 'response.create'");
  if (body['background']) throw invalidValue('background', 'a response of a WebSocket is always streamed');
  if (body['generate'] === false) throw invalidValue('generate', 'there is nothing to warm up; leave it out');
  return body;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ServiceError({ code: 'invalid_json', message: 'The message is not valid JSON.' });
  }
}
