import { startInferenceProcess } from '../../src/models/inference-process.ts';

/** A parent that does nothing but have an inference process; it tells its pid and waits to be killed. */
const quiet = () => {};
const inference = await startInferenceProcess({
  entry: new URL('./scripted-inference.ts', import.meta.url),
  models: [{ kind: 'folder', id: 'scripted', path: '' }],
  threads: 1,
  kvMegabytes: 64,
  log: { info: quiet, warn: quiet, error: quiet },
});
process.send?.(inference.pid);
setInterval(quiet, 1_000);
