import { EventSourceParserStream } from 'eventsource-parser/stream';
import { z } from 'zod';
import { ConversationList } from '../contracts/responses/conversation.ts';
import { ErrorEnvelope } from '../contracts/service/error-envelope.ts';
import { ResponseList } from '../contracts/service/listings.ts';
import { parseJson } from '../core/parse-json.ts';
import { CliError, type ExitCode, exitCodes } from './cli-error.ts';

/** An id as it was given; `last` is the newest response. @throws CliError where there is none */
export async function responseIdOf(given: string, client: ServiceClient): Promise<string> {
  if (given !== 'last') return encodeURIComponent(given);
  const { first_id: id } = await client.call(ResponseList.pick({ first_id: true }), '/v1/responses?limit=1');
  if (id !== null) return id;
  throw new CliError({ message: 'There is no response yet.', advice: 'Ask something first: thinkfirst ask "…"' });
}

/** A conversation's id as it was given; `last` is the one used last. @throws CliError where there is none */
export async function conversationIdOf(given: string, client: ServiceClient): Promise<string> {
  if (given !== 'last') return encodeURIComponent(given);
  const { first_id: id } = await client.call(ConversationList, '/v1/conversations?limit=1');
  if (id !== null) return id;
  throw new CliError({ message: 'There is no conversation yet.', advice: 'Start one: thinkfirst chat' });
}

type ServiceAddress = { url: string; key?: string | undefined };

/** HTTP to one service; every fault comes as a CliError that says what to do. */
export type ServiceClient = {
  readonly url: string;
  /** One JSON answer, parsed. */
  call<Shape extends z.ZodType>(shape: Shape, path: string, request?: CallRequest): Promise<z.output<Shape>>;
  /** The body as text. */
  text(path: string): Promise<string>;
  /** `data` of the events of a stream, until it ends or `signal` aborts. An `error` event, the stream's own end, is thrown. */
  events<Shape extends z.ZodType>(
    shape: Shape,
    path: string,
    options?: { signal: AbortSignal },
  ): AsyncGenerator<z.output<Shape>, void, void>;
};
type CallRequest = { method?: 'GET' | 'POST' | 'DELETE'; body?: unknown; signal?: AbortSignal };

export function createServiceClient({ url, key }: ServiceAddress): ServiceClient {
  const authorization = key === undefined ? {} : { authorization: `Bearer ${key}` };

  async function send(path: string, { method, body, signal }: CallRequest = {}): Promise<Response> {
    let reply: Response;
    try {
      reply = await fetch(`${url}${path}`, {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: { ...authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw unreachable(url, error);
    }
    if (!reply.ok) throw refused(reply.status, await reply.text());
    return reply;
  }

  function known<Shape extends z.ZodType>(shape: Shape, body: unknown, path: string): z.output<Shape> {
    const parsed = shape.safeParse(body);
    if (parsed.success) return parsed.data;
    const where = parsed.error.issues[0]?.path.join('.') ?? '';
    throw new CliError({
      message: `${url} answered ${path} in a format that this version does not know${where && ` (${where})`}.`,
      advice: 'Is it a Thinkfirst service of the same version?',
    });
  }

  return {
    url,
    async call(shape, path, request) {
      return known(shape, await (await send(path, request)).json().catch(() => undefined), path);
    },
    text: async (path) => (await send(path)).text(),
    async *events(shape, path, options) {
      const { body } = await send(path, options);
      const stream = body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
      if (!stream) return;
      for await (const { event, data } of stream) {
        if (event === 'error') throw brokeOff(data);
        if (data !== '[DONE]') yield known(shape, JSON.parse(data), path);
      }
    },
  };
}

/** Nothing answers at the address. */
export function unreachable(url: string, cause: unknown): CliError {
  return new CliError({
    message: `No service answers at ${url}.`,
    advice: 'Start one with `thinkfirst serve`, or give another address with --url, THINKFIRST_URL or PORT.',
    exitCode: exitCodes.unreachable,
    cause,
  });
}

const StreamError = z.object({ message: z.string() });

/** The stream itself failed; the response goes on, and a reader may resume after what it has read. */
function brokeOff(data: string): CliError {
  const told = StreamError.safeParse(JSON.parse(data));
  const message = told.success ? told.data.message : 'The event stream was interrupted.';
  return new CliError({ message, exitCode: exitCodes.unreachable });
}

function refused(status: number, text: string): CliError {
  const envelope = ErrorEnvelope.safeParse(parseJson(text));
  const message = envelope.success ? envelope.data.error.message : `The service answered with status ${status}.`;
  const advice = advices[status];
  return new CliError({ message, exitCode: exitCodeOf(status), ...(advice === undefined ? {} : { advice }) });
}

const advices: Readonly<Record<number, string>> = {
  401: 'Give a key with --key or THINKFIRST_KEY; `thinkfirst keys create` creates one.',
  403: 'Use a key with that scope (--key); `thinkfirst keys create --scopes …` creates one.',
  429: 'Wait a little and try again.',
  503: 'It may still be starting. Try again in a moment.',
};

function exitCodeOf(status: number): ExitCode {
  if (status === 401 || status === 403) return exitCodes.forbidden;
  return status === 503 ? exitCodes.unreachable : exitCodes.failed;
}
