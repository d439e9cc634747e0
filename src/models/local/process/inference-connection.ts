import { ServiceError } from '../../../contracts/service/service-error.ts';
import type { ModelEvent } from '../../../core/language-model.ts';
import {
  eventWindow,
  type FromInference,
  type InferenceCall,
  serviceError,
  type ToInference,
} from './inference-protocol.ts';

/** The end of a call. */
export type CallResult = Extract<FromInference, { type: 'done' }>;

export type CallOptions = {
  signal?: AbortSignal;
  answerNow?: AbortSignal;
  onEvent?(event: ModelEvent): void;
  /** Called after an abort, when the child reports the thinking tokens that were sampled. Never if the child dies before. */
  onStopped?: ((thinkingTokens: number) => void) | undefined;
};

/** The calls that run in one child process. */
export type InferenceConnection = {
  /** @throws the signal's reason, the model's ServiceError, or `model_unavailable` (retryable) when the child dies */
  call(call: InferenceCall, options: CallOptions): Promise<CallResult>;
  receive(message: Extract<FromInference, { type: 'events' | 'done' | 'failed' }>): void;
  /** The child is gone: all its calls fail. */
  lost(): void;
  readonly running: number;
};

type Running = { resolve(result: CallResult): void; reject(reason: unknown): void; onEvent(event: ModelEvent): void };

type ConnectionOptions = {
  send(message: ToInference): void;
  /** Called with the details of a model's own failure. */
  onFailure(detail: string): void;
};

export function createInferenceConnection(options: ConnectionOptions): InferenceConnection {
  return new Connection(options);
}

class Connection implements InferenceConnection {
  private readonly options: ConnectionOptions;
  private readonly calls = new Map<number, Running>();
  /** Listeners of aborted calls, until the child has ended them. */
  private readonly stopping = new Map<number, (thinkingTokens: number) => void>();
  private next = 0;
  private gone = false;
  /** `events` messages that were read and not acknowledged yet. */
  private read = 0;

  constructor(options: ConnectionOptions) {
    this.options = options;
  }

  get running(): number {
    return this.calls.size;
  }

  async call(call: InferenceCall, { signal, answerNow, onEvent, onStopped }: CallOptions): Promise<CallResult> {
    signal?.throwIfAborted();
    if (this.gone) throw processLost();
    const number = this.next++;
    const onAbort = () => {
      this.options.send({ type: 'abort', call: number });
      if (onStopped) this.stopping.set(number, onStopped);
      this.calls.get(number)?.reject(signal?.reason);
    };
    const onAnswerNow = () => this.options.send({ type: 'answer-now', call: number });
    try {
      return await new Promise<CallResult>((resolve, reject) => {
        this.calls.set(number, { resolve, reject, onEvent: onEvent ?? (() => {}) });
        this.options.send({ ...call, call: number });
        signal?.addEventListener('abort', onAbort, { once: true });
        if (answerNow?.aborted) onAnswerNow();
        else answerNow?.addEventListener('abort', onAnswerNow, { once: true });
      });
    } finally {
      this.calls.delete(number);
      signal?.removeEventListener('abort', onAbort);
      answerNow?.removeEventListener('abort', onAnswerNow);
    }
  }

  receive(message: Extract<FromInference, { type: 'events' | 'done' | 'failed' }>): void {
    switch (message.type) {
      case 'events':
        this.acknowledge();
        for (const { call, events } of message.calls) {
          const running = this.calls.get(call);
          // Events of a call that was cancelled here may still arrive.
          if (running) for (const event of events) running.onEvent(event);
        }
        return;
      case 'done':
        this.stopping.delete(message.call);
        this.calls.get(message.call)?.resolve(message);
        return;
      case 'failed':
        if (message.thinking !== undefined) this.stopping.get(message.call)?.(message.thinking);
        this.stopping.delete(message.call);
        if (message.error.detail !== undefined) this.options.onFailure(message.error.detail);
        this.calls.get(message.call)?.reject(serviceError(message.error));
        return;
      default:
        message satisfies never;
    }
  }

  /** One message for several that were read: each interrupts the decoder. */
  private acknowledge(): void {
    this.read += 1;
    if (this.read < eventWindow / 4) return;
    this.options.send({ type: 'read', messages: this.read });
    this.read = 0;
  }

  lost(): void {
    this.gone = true;
    this.stopping.clear();
    for (const { reject } of this.calls.values()) reject(processLost());
  }
}

/** The error for callers of an inference process that died: the same call can succeed in the next one. */
export function processLost(): ServiceError {
  return new ServiceError({
    code: 'model_unavailable',
    message: 'The inference process ended; a new one is being started.',
    retryable: true,
    retryAfterSeconds: 1,
  });
}
