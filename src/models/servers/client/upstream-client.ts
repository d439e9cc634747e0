import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { ServiceError } from '../../../contracts/service/service-error.ts';
import { type RetryPolicy, retryAfterMs, retryDelay } from './backoff.ts';
import type { Clock } from './clock.ts';
import { readMessage, readReason, sendsTokens, UpstreamRefused, unavailable } from './upstream-error.ts';
import { Chunk } from './wire.ts';

/** Ms without a byte after which a server counts as hung. */
export type UpstreamTimeouts = { firstByteMs: number; idleMs: number };

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
  /** Told of a 429. True: another request of ours has made room by now, and this one is sent again at once. */
  refused?(options: { signal: AbortSignal }): Promise<boolean>;
};

export function createUpstreamClient(options: {
  modelId: string;
  url: string;
  apiKey: string | undefined;
  fetch: typeof globalThis.fetch;
  retry: RetryPolicy;
  timeouts: UpstreamTimeouts;
  clock: Clock;
}): UpstreamClient {
  const { modelId, retry, timeouts, clock } = options;
  const secrets = [options.apiKey ?? '', options.url, new URL(options.url).host];
  const root = options.url.replace(/\/v\d+$/, '');

  async function attempt(route: string, body: object | undefined, guard: AbortSignal): Promise<Response> {
    const target = route.startsWith('//') ? `${root}${route.slice(1)}` : `${options.url}${route}`;
    return options.fetch(target, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(options.apiKey !== undefined && { authorization: `Bearer ${options.apiKey}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: guard,
      redirect: 'error',
    });
  }

  /** Runs `use` on the response, and retries while it fails before `begun`. */
  async function* withRetries<Item>(
    route: string,
    body: object,
    { signal, refused }: StreamOptions,
    use: (response: Response, watch: Watch) => AsyncGenerator<Item, void, void>,
  ): AsyncGenerator<Item, void, void> {
    let startedAt = clock.now();
    for (let attempts = 1; ; attempts++) {
      signal.throwIfAborted();
      const watch = createWatch(clock, signal);
      let begun = false;
      let fault: ServiceError;
      let wait: number | undefined;
      let crowded = false;
      try {
        watch.expect(timeouts.firstByteMs);
        const response = await attempt(route, body, watch.signal);
        if (response.ok) {
          for await (const item of use(response, watch)) {
            begun = true;
            yield item;
          }
          return;
        }
        const said = await readBody(response);
        if (isRefusal(response.status)) {
          const reason = readReason(said, { secrets, sent: body });
          throw new UpstreamRefused(response.status, reason, {
            tellable: !sendsTokens(body),
            said: readMessage(said),
          });
        }
        crowded = response.status === 429;
        wait = retryAfterMs(response.headers.get('retry-after'), clock.now());
        const what = response.status === 429 ? 'is overloaded' : 'is not ready';
        fault = unavailable(modelId, what, {
          ...(wait !== undefined && { retryAfterSeconds: Math.ceil(wait / 1000) }),
        });
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (error instanceof UpstreamRefused) throw error;
        fault = faultOf(error, watch, modelId, begun);
        if (begun) throw fault;
      } finally {
        watch.close();
      }
      if (crowded && (await refused?.({ signal }))) {
        attempts = 0;
        startedAt = clock.now();
        continue;
      }
      const elapsedMs = clock.now() - startedAt;
      const delay = retryDelay(retry, { attempt: attempts, elapsedMs, retryAfterMs: wait, random: clock.random() });
      if (delay === undefined) throw fault;
      await clock.sleep(delay, { signal });
    }
  }

  return {
    stream: (route, body, options) =>
      withRetries(route, body, options, (response, watch) => chunksOf(response, watch, timeouts)),
    async json(route, body, { signal }) {
      const answers = withRetries<unknown>(route, body, { signal }, async function* one(response) {
        yield await response.json();
      });
      for await (const answer of answers) return answer;
      throw unavailable(modelId, 'sent nothing');
    },
    async look(route, { signal }) {
      const watch = createWatch(clock, signal);
      try {
        watch.expect(lookMs);
        const response = await attempt(route, undefined, watch.signal);
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

/** A look-up may delay a request no longer than this. */
const lookMs = 5_000;

/** Not worth another try as it is. 501: it has no such route. */
const isRefusal = (status: number) => (status < 429 && status !== 408 && status !== 425) || status === 501;

/** The server's bytes are not what a completion looks like. */
class BrokenStream extends Error {
  override readonly name = 'BrokenStream';
}

async function* chunksOf(
  response: Response,
  watch: Watch,
  timeouts: UpstreamTimeouts,
): AsyncGenerator<Chunk, void, void> {
  if (response.body === null) throw new BrokenStream('no body');
  const events = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream({ maxBufferSize: 4_194_304 }));
  let finished = false;
  for await (const event of events) {
    watch.expect(timeouts.idleMs);
    if (event.data === '[DONE]') return;
    const chunk = Chunk.safeParse(parseJson(event.data));
    if (!chunk.success || event.event === 'error') throw new BrokenStream('not a chunk');
    if (chunk.data.error !== undefined && chunk.data.error !== null) throw new BrokenStream('an error in the stream');
    finished ||= chunk.data.choices?.some((choice) => choice.finish_reason) ?? false;
    yield chunk.data;
  }
  if (!finished) throw new BrokenStream('cut');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readBody(response: Response): Promise<unknown> {
  return parseJson((await response.text()).slice(0, 65_536));
}

function faultOf(error: unknown, watch: Watch, modelId: string, begun: boolean): ServiceError {
  if (watch.expired()) return unavailable(modelId, 'does not answer', { cause: error });
  if (error instanceof BrokenStream)
    return unavailable(modelId, `ended its answer early (${error.message})`, { cause: error });
  return unavailable(modelId, begun ? 'disconnected while answering' : 'cannot be reached', { cause: error });
}

/** A signal that follows the caller's, and is also aborted when the server is silent for longer than expected. */
type Watch = { signal: AbortSignal; expect(ms: number): void; expired(): boolean; close(): void };

function createWatch(clock: Clock, signal: AbortSignal): Watch {
  const silence = new AbortController();
  let cancel: (() => void) | undefined;
  return {
    signal: AbortSignal.any([signal, silence.signal]),
    expect(ms) {
      cancel?.();
      cancel = clock.after(ms, () => silence.abort(new Error('the upstream is silent')));
    },
    expired: () => silence.signal.aborted,
    close() {
      cancel?.();
      cancel = undefined;
    },
  };
}
