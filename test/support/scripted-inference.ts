import { createInferenceHost, type InferenceHost } from '../../src/models/inference-host.ts';
import { ToInference } from '../../src/models/inference-protocol.ts';
import { createScriptedModel } from '../../src/models/scripted.ts';
import { suiteScript } from './suite-script.ts';

/** An inference process of scripted models, one for each that the first message names: the real one without its weights. */
let host: InferenceHost | undefined;
process.on('message', (raw) => {
  const message = ToInference.parse(raw);
  if (message.type === 'close') process.exit(0);
  if (message.type !== 'start') return host?.receive(message);
  const models = new Map(
    message.models.map(({ id }) => [id, createScriptedModel({ id, contextLength: 4096, script: suiteScript })]),
  );
  if (models.has('broken')) {
    const error = { code: 'model_unavailable' as const, message: 'The model broken is broken.', retryable: false };
    process.send?.({ type: 'start-failed', error });
    return;
  }
  const residentBytes = () => process.memoryUsage.rss();
  host = createInferenceHost({
    models,
    send: (sent) => process.send?.(sent),
    now: () => performance.now(),
    residentBytes,
  });
  const summaries = [...models.values()].map(({ id, contextLength, capabilities }) => ({
    id,
    contextLength,
    capabilities,
  }));
  process.send?.({ type: 'ready', models: summaries, startMs: performance.now(), residentBytes: residentBytes() });
});
process.on('disconnect', () => process.exit(0));
