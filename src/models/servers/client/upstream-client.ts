import type { ServiceError } from '../../../contracts/service/service-error.ts';
import { pausedMs } from '../../../core/deadlines.ts';
import { parseJson } from '../../../core/parse-json.ts';
import { type RetryPolicy, retryAfterMs, retryDelay } from './backoff.ts';
import type { Clock } from './clock.ts';
import { BrokenStream, chunksOf, ErrorInStream, type UpstreamTimeouts } from './read-chunks.ts';
import {
  ofItsState,
  readMessage,
  readReason,
  sendsTokens,
  toServiceError,
  UpstreamRefused,
  unavailable,
} from './upstream-error.ts';
import { type Chunk, ErrorStatus } from './wire.ts';

/**
 * Speaks HTTP with one server. Tries again with backoff while nothing has arrived; from the first chunk on, a fault is the
 * end of that request, since its text may have been shown. Errors never hold the key, the address or a stack.
 */
export type UpstreamClient = {
  /**
   * Chunks of a streamed completion. Leaving the loop closes the connection, which makes servers stop decoding.
   * @throws UpstreamRefused on 4xx, ServiceError `model_unavailable` on all else, `signal.reason` when aborted
   */
  stream(route: string, body: object, options: StreamOptions): AsyncGenerator<Chunk, void, void>;
  /** One JSON answer. `route` is from the server's root where it starts with `//`. */
  json(route: string, body: object, options: { signal: AbortSignal }): Promise<unknown>;
  /** What a GET answers, asked once; undefined where nothing useful comes. @throws `signal.reason` when aborted */
  look(route: string, options: { signal: AbortSignal }): Promise<unknown>;
};

export type StreamOptions = {
  signal: AbortSignal;
  /** Told that the server takes no more requests at present. True: one of ours has made room, and this one is sent again at once. */
  refused?(options: { signal: AbortSignal }): Promise<boolean>;
};

type ClientOptions = {
  modelId: string;
  url: string;
  apiKey: string | undefined;
  /** In place of `patientFetch`. */
  fetch?: typeof globalThis.fetch | undefined;
  retry: RetryPolicy;
  timeouts: UpstreamTimeouts;
  clock: Clock;
};

export function createUpstreamClient(options: ClientOptions): UpstreamClient {
  return {
    stream: (route, body, given) =>
      withRetries(options, { route, body }, given, (response, watch) => chunksOf(response, watch, options.timeouts)),
    async json(route, body, { signal }) {
      const answers = withRetries<unknown>(options, { route, body }, { signal }, async function* one(response) {
        yield await response.json();
      });
      for await (const answer of answers) return answer;
      throw unavailable(options.modelId, 'sent nothing');
    },
    async look(route, { signal }) {
      const watch = createWatch(options.clock, signal);
      try {
        watch.expect(lookMs);
        const response = await send(options, { route }, watch.signal);
        return response.ok ? parseJson(await response.text()) : undefined;
      } catch {
        signal.throwIfAborted();
        return undefined;
      } finally {
        watch.close();
      }
    },
  };
}

/**
 * Node's own fetch gives up after 300 s without headers, and a server on a slow machine sends them after it has read the prompt. Here
 * the caller's time limits are the only ones.
 */
export const patientFetch: typeof globalThis.fetch = async (input, init) => {
  // Loaded with the first request, since a service without model servers starts faster without it.
  patient ??= import('undici').then(({ Agent, fetch }) => {
    const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
    // The types of Node's fetch are of another version of the same library.
    return ((url: string, given: object) => fetch(url, { ...given, dispatcher })) as unknown as typeof globalThis.fetch;
  });
  return (await patient)(input, init);
};
let patient: Promise<typeof globalThis.fetch> | undefined;

/** Without a body: a GET. */
type Call = { route: string; body?: object };

function send(
  { url, apiKey, fetch = patientFetch }: ClientOptions,
  { route, body }: Call,
  guard: AbortSignal,
): Promise<Response> {
  const root = url.replace(/\/v\d+$/, '');
  const target = route.startsWith('//') ? `${root}${route.slice(1)}` : `${url}${route}`;
  return fetch(target, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: guard,
    redirect: 'error',
  });
}

/** Runs `use` on the response, and retries while it fails before its first item. */
async function* withRetries<Item>(
  options: ClientOptions,
  call: Required<Call>,
  { signal, refused }: StreamOptions,
  use: (response: Response, watch: Watch) => AsyncGenerator<Item, void, void>,
): AsyncGenerator<Item, void, void> {
  const { modelId, retry, timeouts, clock } = options;
  let startedAt = clock.now();
  for (let attempts = 1; ; attempts++) {
    signal.throwIfAborted();
    const watch = createWatch(clock, signal);
    let begun = false;
    let fault: NotReady;
    try {
      watch.expect(timeouts.firstByteMs);
      const response = await send(options, call, watch.signal);
      if (response.ok) {
        for await (const item of use(response, watch)) {
          begun = true;
          yield item;
        }
        return;
      }
      const { status, headers } = response;
      const said = await readBody(response);
      fault = faultOfStatus(options, call, { status, said, retryAfter: headers.get('retry-after') });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof UpstreamRefused) throw error;
      fault =
        error instanceof ErrorInStream && !begun
          ? faultOfFirstEvent(options, call, error.said)
          : { error: faultOf(error, watch, modelId, begun), waitMs: undefined, crowded: false };
      if (begun) throw fault.error;
    } finally {
      watch.close();
    }
    if (fault.crowded && (await refused?.({ signal }))) {
      attempts = 0;
      startedAt = clock.now();
      continue;
    }
    const elapsedMs = clock.now() - startedAt;
    const random = clock.random();
    const delay = retryDelay(retry, { attempt: attempts, elapsedMs, retryAfterMs: fault.waitMs, random });
    if (delay === undefined) throw fault.error;
    await clock.sleep(delay, { signal });
  }
}

/** Why a request may be sent again. `waitMs`: what the server asks to wait; `crowded`: it takes no more requests at present. */
type NotReady = { error: ServiceError; waitMs: number | undefined; crowded: boolean };

/** vLLM with a limited queue (`--max-num-queued-reqs`, `--max-num-queued-tokens`) refuses with 503, as servers do that still load. */
const queueIsFull = /\bbusy\b|backlog limit/i;

/** @throws UpstreamRefused where another try is not worth it */
function faultOfStatus(
  options: ClientOptions,
  call: Required<Call>,
  { status, said, retryAfter }: { status: number; said: unknown; retryAfter: string | null },
): NotReady {
  const { modelId, clock } = options;
  const refused = refusalOf(options, call, { status, said });
  if (isRefusal(status)) throw refused;
  const crowded = status === 429 || (status === 503 && refused.says(queueIsFull));
  const waitMs = retryAfterMs(retryAfter, clock.now());
  const error = unavailable(modelId, `${crowded ? 'is overloaded' : 'is not ready'}${ofItsState(refused)}`, {
    ...(waitMs !== undefined && { retryAfterSeconds: Math.ceil(waitMs / 1000) }),
  });
  return { error, waitMs, crowded };
}

/**
 * Some servers answer 200 and say in the stream's first event, or in a JSON body, why they refuse; LM Studio gives no status there.
 * @throws UpstreamRefused where another try is not worth it
 */
function faultOfFirstEvent(options: ClientOptions, call: Required<Call>, said: unknown): NotReady {
  const { modelId } = options;
  const status = ErrorStatus.safeParse(said).data;
  if (status !== undefined) return faultOfStatus(options, call, { status, said, retryAfter: null });
  const refused = refusalOf(options, call, { status: 400, said });
  if (toServiceError(refused, modelId, false).code === 'context_length_exceeded') throw refused;
  return { error: unavailable(modelId, `cannot answer${ofItsState(refused)}`), waitMs: undefined, crowded: false };
}

function refusalOf(
  { apiKey = '', url }: ClientOptions,
  { body }: Required<Call>,
  { status, said }: { status: number; said: unknown },
): UpstreamRefused {
  const reason = readReason(said, { secrets: [apiKey, url, new URL(url).host], sent: body });
  return new UpstreamRefused(status, reason, { tellable: !sendsTokens(body), said: readMessage(said) });
}

/** A look-up may delay a request no longer than this. */
const lookMs = 5_000;

/** Not worth another try as it is. 501: it has no such route. */
const isRefusal = (status: number) => (status < 429 && status !== 408 && status !== 425) || status === 501;

async function readBody(response: Response): Promise<unknown> {
  return parseJson((await response.text()).slice(0, 65_536));
}

function faultOf(error: unknown, watch: Watch, modelId: string, begun: boolean): ServiceError {
  if (watch.expired()) return unavailable(modelId, 'does not answer', { cause: error });
  if (error instanceof BrokenStream)
    return unavailable(modelId, `ended its answer early (${error.message})`, { cause: error });
  return unavailable(modelId, begun ? 'disconnected while answering' : 'cannot be reached', { cause: error });
}

/**
 * A signal that follows the caller's, and is also aborted when the server is silent for longer than expected, while this
 * process was not paused: what the server sent during a pause is not read yet.
 */
type Watch = { signal: AbortSignal; expect(ms: number): void; expired(): boolean; close(): void };

function createWatch(clock: Clock, signal: AbortSignal): Watch {
  const silence = new AbortController();
  let cancel: (() => void) | undefined;
  let isClosed = false;
  const expectWithin = (ms: number): void => {
    cancel?.();
    if (isClosed) return;
    const due = clock.now() + ms;
    cancel = clock.after(ms, () => {
      if (clock.now() - due >= pausedMs) expectWithin(ms);
      else silence.abort(new Error('the upstream is silent'));
    });
  };
  return {
    signal: AbortSignal.any([signal, silence.signal]),
    expect: expectWithin,
    expired: () => silence.signal.aborted,
    close() {
      cancel?.();
      isClosed = true;
    },
  };
}
