import { startInferenceProcess } from '../../src/models/local/process/inference-process.ts';

/**
 * A parent whose inference process thinks for a long time. It reports that process's pid when the thinking has started,
 * and waits to be killed.
 */
const quiet = () => {};
const inference = await startInferenceProcess({
  entry: new URL('../../workers/inference.ts', import.meta.url),
  models: [{ id: 'thinkfirst-135m', path: 'models/thinkfirst-135m' }],
  threads: 1,
  kvMegabytes: 256,
  kvBits: 8,
  log: { info: quiet, warn: quiet, error: quiet },
});
const [model] = inference.models.values();
const events = model?.generate(
  {
    prompt: { messages: [{ role: 'user', content: 'What is 347 + 586?' }] },
    samples: 4,
    thinking: { budgetTokens: 6_000 },
    answer: { maxTokens: 8 },
    // So hot that no thought ends by itself soon.
    sampling: { temperature: 3, seed: 1 },
    deterministic: false,
  },
  { signal: new AbortController().signal },
);
let told = false;
for await (const _event of events ?? []) {
  if (!told) process.send?.(inference.pid);
  told = true;
}
