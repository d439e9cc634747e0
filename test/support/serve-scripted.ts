import type { LanguageModel } from '../../src/core/language-model.ts';
import { createInferenceHost, type InferenceHost } from '../../src/models/local/process/inference-host.ts';
import { ToInference } from '../../src/models/local/process/inference-protocol.ts';

/**
 * Makes this process an inference process with models from `create`, one for each id in the first message: the real
 * process without its weights. The id `broken` fails the start, like unreadable weights.
 */
export function serveScripted(create: (id: string) => LanguageModel): void {
  const send = (sent: object) => {
    if (process.connected) process.send?.(sent);
  };
  const residentBytes = () => process.memoryUsage.rss();
  let host: InferenceHost | undefined;
  process.on('message', (raw) => {
    const message = ToInference.parse(raw);
    if (message.type === 'close') process.exit(0);
    if (message.type !== 'start') return host?.receive(message);
    if (message.models.some(({ id }) => id === 'broken')) {
      const error = { code: 'model_unavailable', message: 'The model broken is broken.', retryable: false };
      return send({ type: 'start-failed', error });
    }
    const models = new Map(message.models.map(({ id }) => [id, create(id)]));
    host = createInferenceHost({ models, send, now: () => performance.now(), residentBytes });
    const summaries = [...models.values()].map(({ id, contextLength, capabilities }) => ({
      id,
      contextLength,
      capabilities,
    }));
    send({ type: 'ready', models: summaries, startMs: performance.now(), residentBytes: residentBytes() });
  });
  process.on('disconnect', () => process.exit(0));
}
