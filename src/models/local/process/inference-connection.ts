import { ServiceError } from '../../../contracts/service/service-error.ts';
import type { ModelEvent } from '../../../core/language-model.ts';
import { type FromInference, type InferenceCall, serviceError, type ToInference } from './inference-protocol.ts';

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

export function createInferenceConnection(options: {
  send(message: ToInference): void;
  /** Hears what a model's own failure said. */
  onFailure(detail: string): void;
}): InferenceConnection {
  const calls = new Map<number, Running>();
  /** Of aborted calls, until the child has ended them. */
  const stopping = new Map<number, (thinkingTokens: number) => void>();
  let next = 0;
  let gone = false;
  return {
    get running() {
      return calls.size;
    },
    async call(call, { signal, answerNow, onEvent = () => {}, onStopped }) {
      signal?.throwIfAborted();
      if (gone) throw processLost();
      const number = next++;
      const onAbort = () => {
        options.send({ type: 'abort', call: number });
        if (onStopped) stopping.set(number, onStopped);
        calls.get(number)?.reject(signal?.reason);
      };
      const onAnswerNow = () => options.send({ type: 'answer-now', call: number });
      try {
        return await new Promise<CallResult>((resolve, reject) => {
          calls.set(number, { resolve, reject, onEvent });
          options.send({ ...call, call: number });
          signal?.addEventListener('abort', onAbort, { once: true });
          if (answerNow?.aborted) onAnswerNow();
          else answerNow?.addEventListener('abort', onAnswerNow, { once: true });
        });
      } finally {
        calls.delete(number);
        signal?.removeEventListener('abort', onAbort);
        answerNow?.removeEventListener('abort', onAnswerNow);
      }
    },
    receive(message) {
      switch (message.type) {
        case 'events':
          options.send({ type: 'read' });
          for (const { call, events } of message.calls) {
            const running = calls.get(call);
            // A call that was cancelled here may still have events on their way.
            if (running) for (const event of events) running.onEvent(event);
          }
          return;
        case 'done':
          stopping.delete(message.call);
          calls.get(message.call)?.resolve(message);
          return;
        case 'failed':
          if (message.thinking !== undefined) stopping.get(message.call)?.(message.thinking);
          stopping.delete(message.call);
          if (message.error.detail !== undefined) options.onFailure(message.error.detail);
          calls.get(message.call)?.reject(serviceError(message.error));
          return;
        default:
          return message satisfies never;
      }
    },
    lost() {
      gone = true;
      stopping.clear();
      for (const { reject } of calls.values()) reject(processLost());
    },
  };
}

/** What a caller learns of a dead inference process: the same call can succeed in the next one. */
export function processLost(): ServiceError {
  return new ServiceError({
    code: 'model_unavailable',
    message: 'The inference process ended; a new one is being started.',
    retryable: true,
    retryAfterSeconds: 1,
  });
}
