import { createLocalModel, type LocalModel } from '../src/models/local/local-model.ts';
import { createInferenceHost, type InferenceHost } from '../src/models/local/process/inference-host.ts';
import { errorMessage, type FromInference, ToInference } from '../src/models/local/process/inference-protocol.ts';

/** The inference process: it is forked by the worker, loads what the first message names, and ends with its parent. */
const send = (message: FromInference) => {
  // To a parent that has just died it fails, which without a hearer ends in a stack trace; 'disconnect' follows.
  if (process.connected) process.send?.(message, () => {});
};
let host: InferenceHost | undefined;

async function start(message: Extract<ToInference, { type: 'start' }>): Promise<void> {
  const models = new Map<string, LocalModel>();
  for (const source of message.models) {
    send({ type: 'loading', model: source.id });
    const model = await createLocalModel(source, {
      threads: message.threads,
      kvMegabytes: message.kvMegabytes,
      kvBits: message.kvBits,
      ...(message.gpu !== undefined && { gpu: message.gpu }),
      now: Date.now,
      warn: (message) => send({ type: 'warning', message }),
    });
    models.set(model.id, model);
  }
  const residentBytes = () => process.memoryUsage.rss();
  host = createInferenceHost({ models, send, now: () => performance.now(), residentBytes });
  send({
    type: 'ready',
    models: [...models.values()].map(({ id, contextLength, capabilities }) => ({ id, contextLength, capabilities })),
    // performance.now() counts from the start of the process.
    startMs: performance.now(),
    residentBytes: residentBytes(),
  });
}

process.on('message', (raw) => {
  const message = ToInference.parse(raw);
  if (message.type === 'start') {
    start(message).catch((error: unknown) => send({ type: 'start-failed', error: errorMessage(error) }));
  } else if (message.type === 'close') {
    // The parent waits for the exit; a model that is still loading need not be waited for.
    (host?.close() ?? Promise.resolve()).catch(() => {}).finally(() => process.exit(0));
  } else {
    host?.receive(message);
  }
});
// A parent that was killed closes the channel.
process.on('disconnect', () => process.exit(0));
// Ctrl-C and a stop of the whole group reach this process too: the parent drains first and then closes it.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
