import { ServiceError } from '../../../contracts/service/service-error.ts';
import type { ModelLoad } from '../../../core/inference-report.ts';
import type { GenerateRequest, ModelEvent } from '../../../core/language-model.ts';
import type { LocalModel } from '../local-model.ts';
import { errorMessage, type FromInference, type ToInference } from './inference-protocol.ts';

/** `events` messages that may be on their way unread; beyond that the host keeps events, and models wait to be read. */
const window = 16;

export type InferenceHost = {
  receive(message: Exclude<ToInference, { type: 'start' | 'close' }>): void;
  /** Aborts what runs and closes the models. */
  close(): Promise<void>;
};

/** `thinking`: tokens that the rows of an aborted call have sampled. */
type Controls = { abort: AbortController; answerNow: AbortController; thinking?: number };

type InferenceHostOptions = {
  models: ReadonlyMap<string, LocalModel>;
  send(message: FromInference): void;
  /** ms, of a clock that never goes back. */
  now(): number;
  residentBytes(): number;
};

/**
 * Serves models to the process at the other end. Events of one turn of the event loop go as one message, and no more than a
 * window of messages is ever unread: a parent that is slow stops the reading of models here.
 */
export function createInferenceHost(options: InferenceHostOptions): InferenceHost {
  const { models, send } = options;
  const running = new Map<number, Controls>();
  const outbox = createOutbox(send);
  const stats = createStats(options);
  const serve = async (call: number, modelId: string, work: Work) => {
    const controls: Controls = { abort: new AbortController(), answerNow: new AbortController() };
    running.set(call, controls);
    stats.begin();
    try {
      const model = models.get(modelId);
      if (!model)
        throw new ServiceError({ code: 'model_not_found', param: 'model', message: `There is no model ${modelId}.` });
      const result = await work(model, controls);
      outbox.finish(call);
      send({ type: 'done', call, ...result });
    } catch (error) {
      outbox.drop(call);
      send(failure(call, error, controls));
    } finally {
      running.delete(call);
      stats.end(running.size === 0);
    }
  };
  const generate = (call: number, request: GenerateRequest): Work => {
    return async (model, controls) => {
      const onStopped = (thinking: number) => {
        controls.thinking = thinking;
      };
      const [signal, answerNow] = [controls.abort.signal, controls.answerNow.signal];
      for await (const event of model.generate(request, { signal, answerNow, onStopped })) {
        if (event.type === 'thinking-delta' || event.type === 'answer-delta') stats.add(event.tokenIds.length);
        await outbox.put(call, event);
      }
      return {};
    };
  };
  return {
    receive(message) {
      switch (message.type) {
        case 'generate':
          return void serve(message.call, message.model, generate(message.call, message.request));
        case 'score':
          return void serve(message.call, message.model, async (model, { abort: { signal } }) => {
            return { score: await model.score(message.request, { signal }) };
          });
        case 'count':
          return void serve(message.call, message.model, async (model) => {
            return { tokens: await model.countTokens(message.prompt, { thinking: message.thinking }) };
          });
        case 'forget':
          return void serve(message.call, message.model, async (model) => {
            await model.forget?.(message.response);
            return {};
          });
        case 'abort':
          running.get(message.call)?.abort.abort();
          return;
        case 'answer-now':
          running.get(message.call)?.answerNow.abort();
          return;
        case 'read':
          return outbox.wasRead();
        default:
          return message satisfies never;
      }
    },
    async close() {
      for (const { abort } of running.values()) abort.abort();
      await Promise.all([...models.values()].map((model) => model.close()));
    },
  };
}

type Work = (
  model: LocalModel,
  controls: Controls,
) => Promise<Omit<Extract<FromInference, { type: 'done' }>, 'type' | 'call'>>;

/** The other end no longer waits for an aborted call, so the end of one is not a failure of the model. */
function failure(call: number, error: unknown, { abort, thinking }: Controls): FromInference {
  if (!abort.signal.aborted) return { type: 'failed', call, error: errorMessage(error) };
  const over = { code: 'server_error' as const, message: 'The call was aborted.', retryable: false };
  return { type: 'failed', call, error: over, ...(thinking !== undefined && { thinking }) };
}

/** Events on their way to the other end. */
type Outbox = {
  /** Resolves once more may be added. */
  put(call: number, event: ModelEvent): Promise<void>;
  /** Sends what is left of a call that ends. */
  finish(call: number): void;
  drop(call: number): void;
  /** The other end has read a message. */
  wasRead(): void;
};

function createOutbox(send: InferenceHostOptions['send']): Outbox {
  const kept = new Map<number, ModelEvent[]>();
  let unread = 0;
  let flushing = false;
  let resume: Array<() => void> = [];
  const flush = () => {
    if (kept.size === 0 || unread >= window) return;
    const calls = [...kept].map(([call, events]) => ({ call, events }));
    kept.clear();
    unread += 1;
    send({ type: 'events', calls });
  };
  return {
    async put(call, event) {
      const events = kept.get(call) ?? [];
      events.push(event);
      kept.set(call, events);
      if (!flushing) {
        flushing = true;
        // After all that this turn of the event loop still does, and before the next decode step.
        process.nextTick(() => {
          flushing = false;
          flush();
        });
      }
      while (unread >= window) await new Promise<void>((resolve) => resume.push(resolve));
    },
    finish(call) {
      flush();
      // What is still kept has to go first, whatever the window says: it ends the call.
      const rest = kept.get(call);
      if (rest === undefined) return;
      kept.delete(call);
      unread += 1;
      send({ type: 'events', calls: [{ call, events: rest }] });
    },
    drop(call) {
      kept.delete(call);
    },
    wasRead() {
      unread = Math.max(0, unread - 1);
      flush();
      const waiting = resume;
      resume = [];
      for (const go of waiting) go();
    },
  };
}

/** Counts tokens over the time that has calls in it. */
function createStats({ send, now, residentBytes, models }: InferenceHostOptions) {
  const loads = createLoads(models);
  let tokens = 0;
  let busyMs = 0;
  let since: number | undefined;
  let reported = now();
  const report = () => {
    if (since !== undefined) {
      busyMs += now() - since;
      since = now();
    }
    send({ type: 'stats', tokens, busyMs, residentBytes: residentBytes(), models: loads() });
    tokens = 0;
    busyMs = 0;
    reported = now();
  };
  return {
    begin() {
      since ??= now();
    },
    add(count: number) {
      tokens += count;
      if (now() - reported >= 10_000) report();
    },
    end(idle: boolean) {
      if (!idle || since === undefined) return;
      busyMs += now() - since;
      since = undefined;
      if (tokens > 0) report();
    },
  };
}

/** Each decode loop's load, its steps counted from the last call on. */
function createLoads(models: InferenceHostOptions['models']): () => ModelLoad[] {
  const before = new Map<string, readonly number[]>();
  return () =>
    [...models.values()].flatMap(({ id, load }) => {
      if (load === undefined) return [];
      const now = load();
      const earlier = before.get(id) ?? [];
      before.set(id, now.batches);
      return [{ id, ...now, batches: now.batches.map((steps, index) => steps - (earlier[index] ?? 0)) }];
    });
}
