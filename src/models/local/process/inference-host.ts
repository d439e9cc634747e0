import { ServiceError } from '../../../contracts/service/service-error.ts';
import type { ModelLoad } from '../../../core/inference-report.ts';
import type { GenerateRequest, ModelEvent } from '../../../core/language-model.ts';
import type { LocalModel } from '../local-model.ts';
import { errorMessage, eventWindow, type FromInference, type ToInference } from './inference-protocol.ts';

export type InferenceHost = {
  receive(message: Exclude<ToInference, { type: 'start' | 'close' }>): void;
  /** Aborts all running calls and closes the models. */
  close(): Promise<void>;
};

/** `thinking`: thinking tokens that the samples of an aborted call have used. */
type Controls = { abort: AbortController; answerNow: AbortController; thinking?: number };

type InferenceHostOptions = {
  models: ReadonlyMap<string, LocalModel>;
  send(message: FromInference): void;
  /** A monotonic clock. ms. */
  now(): number;
  residentBytes(): number;
};

/**
 * Serves models to the process at the other end. Events of one turn of the event loop are sent as one message, and only
 * a window of messages may be unread: a slow parent thereby slows down the reading of models here.
 */
export function createInferenceHost(options: InferenceHostOptions): InferenceHost {
  return new Host(options);
}

class Host implements InferenceHost {
  private readonly options: InferenceHostOptions;
  private readonly running = new Map<number, Controls>();
  private readonly outbox: Outbox;
  private readonly stats: ReturnType<typeof createStats>;

  constructor(options: InferenceHostOptions) {
    this.options = options;
    this.outbox = createOutbox(options.send);
    this.stats = createStats(options);
  }

  receive(message: Parameters<InferenceHost['receive']>[0]): void {
    switch (message.type) {
      case 'abort':
        this.running.get(message.call)?.abort.abort();
        break;
      case 'answer-now':
        this.running.get(message.call)?.answerNow.abort();
        break;
      case 'read':
        this.outbox.wasRead(message.messages);
        break;
      default:
        void this.serve(message, this.workOf(message));
    }
  }

  async close(): Promise<void> {
    for (const { abort } of this.running.values()) abort.abort();
    await Promise.all([...this.options.models.values()].map((model) => model.close()));
  }

  /** Never rejects: a failure is sent to the other end. */
  private async serve({ call, model: modelId }: InferenceRequest, work: Work): Promise<void> {
    const { models, send } = this.options;
    const controls: Controls = { abort: new AbortController(), answerNow: new AbortController() };
    this.running.set(call, controls);
    this.stats.begin();
    try {
      const model = models.get(modelId);
      if (!model)
        throw new ServiceError({ code: 'model_not_found', param: 'model', message: `There is no model ${modelId}.` });
      const result = await work(model, controls);
      this.outbox.finish(call);
      send({ type: 'done', call, ...result });
    } catch (error) {
      this.outbox.drop(call);
      send(failure(call, error, controls));
    } finally {
      this.running.delete(call);
      this.stats.end(this.running.size === 0);
    }
  }

  private workOf(message: InferenceRequest): Work {
    switch (message.type) {
      case 'generate':
        return this.generate(message.call, message.request);
      case 'score':
        return async (model, { abort: { signal } }) => ({ score: await model.score(message.request, { signal }) });
      case 'count':
        return async (model) => ({ tokens: await model.countTokens(message.prompt, { thinking: message.thinking }) });
      case 'forget':
        return async (model) => {
          await model.forget?.(message.response);
          return {};
        };
      default:
        return message satisfies never;
    }
  }

  private generate(call: number, request: GenerateRequest): Work {
    return async (model, controls) => {
      const onStopped = (thinking: number) => {
        controls.thinking = thinking;
      };
      const [signal, answerNow] = [controls.abort.signal, controls.answerNow.signal];
      for await (const event of model.generate(request, { signal, answerNow, onStopped })) {
        if (event.type === 'thinking-delta' || event.type === 'answer-delta') this.stats.add(event.tokenIds.length);
        await this.outbox.put(call, event);
      }
      return {};
    };
  }
}

/** A message that asks for work of a model. */
type InferenceRequest = Extract<ToInference, { model: string }>;

type Work = (
  model: LocalModel,
  controls: Controls,
) => Promise<Omit<Extract<FromInference, { type: 'done' }>, 'type' | 'call'>>;

/** The end of an aborted call is not a failure of the model, and the other end no longer waits for it. */
function failure(call: number, error: unknown, { abort, thinking }: Controls): FromInference {
  if (!abort.signal.aborted) return { type: 'failed', call, error: errorMessage(error) };
  const over = { code: 'server_error' as const, message: 'The call was aborted.', retryable: false };
  return { type: 'failed', call, error: over, ...(thinking !== undefined && { thinking }) };
}

/** Events that are to be sent to the other end. */
type Outbox = {
  /** Resolves when more may be added. */
  put(call: number, event: ModelEvent): Promise<void>;
  /** Sends the remaining events of a call that ends. */
  finish(call: number): void;
  drop(call: number): void;
  /** The other end has read so many more messages. */
  wasRead(messages: number): void;
};

function createOutbox(send: InferenceHostOptions['send']): Outbox {
  const kept = new Map<number, ModelEvent[]>();
  let unread = 0;
  let flushing = false;
  let resume: Array<() => void> = [];
  const flush = () => {
    if (kept.size === 0 || unread >= eventWindow) return;
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
        // At the end of this turn of the event loop, before the next decode step.
        process.nextTick(() => {
          flushing = false;
          flush();
        });
      }
      while (unread >= eventWindow) await new Promise<void>((resolve) => resume.push(resolve));
    },
    finish(call) {
      flush();
      // The rest must be sent before the end of the call, even if the window is full.
      const rest = kept.get(call);
      if (rest === undefined) return;
      kept.delete(call);
      unread += 1;
      send({ type: 'events', calls: [{ call, events: rest }] });
    },
    drop(call) {
      kept.delete(call);
    },
    wasRead(messages) {
      unread = Math.max(0, unread - messages);
      flush();
      const waiting = resume;
      resume = [];
      for (const go of waiting) go();
    },
  };
}

/** Counts tokens and the time in which there are calls. */
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

/** Each decode loop's load, with the steps since the last call. */
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
