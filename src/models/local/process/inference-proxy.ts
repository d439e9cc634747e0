import { ServiceError } from '../../../contracts/service/service-error.ts';
import { createEventChannel } from '../../../core/event-channel.ts';
import type { LanguageModel, ModelEvent } from '../../../core/language-model.ts';
import type { CallOptions, CallResult } from './inference-connection.ts';
import type { InferenceCall, ModelSummary } from './inference-protocol.ts';

/** The port over calls to another process. Closing it is nothing: that process has the model. */
export function createInferenceProxy(
  summary: ModelSummary,
  call: (sent: InferenceCall, options: CallOptions) => Promise<CallResult>,
): LanguageModel {
  const { id } = summary;
  return {
    ...summary,
    generate(request, { signal, answerNow, onStopped }) {
      const channel = createEventChannel<ModelEvent>();
      const left = new AbortController();
      const stopped = AbortSignal.any([signal, left.signal]);
      // At once, whatever is still to be read; the call itself ends a moment later.
      const onAbort = () => channel.fail(stopped.reason);
      stopped.addEventListener('abort', onAbort, { once: true });
      call(
        { type: 'generate', model: id, request },
        {
          signal: stopped,
          ...(answerNow && { answerNow }),
          onEvent: channel.push,
          onStopped,
        },
      )
        .then(channel.end, channel.fail)
        .finally(() => stopped.removeEventListener('abort', onAbort));
      return channel.read(() => left.abort(new Error('the reader left')));
    },
    async score(request, { signal }) {
      const { score } = await call({ type: 'score', model: id, request }, { signal });
      if (score === undefined) throw lacking('scores');
      return score;
    },
    async countTokens(prompt, { thinking }) {
      const { tokens } = await call({ type: 'count', model: id, prompt, thinking }, {});
      if (tokens === undefined) throw lacking('a count');
      return tokens;
    },
    async forget(response) {
      await call({ type: 'forget', model: id, response }, {});
    },
    close: async () => {},
  };
}

function lacking(what: string): ServiceError {
  return new ServiceError({ code: 'server_error', message: `The inference process returned no ${what}.` });
}
