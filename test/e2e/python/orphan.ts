import { createPythonSandbox } from '../../../src/tools/python/python-sandbox.ts';

/** Runs endless code in a sandbox, says so, and is then killed by its test. */
const sandbox = createPythonSandbox({
  limits: { timeMs: 600_000, memoryMegabytes: 384, outputBytes: 1_000 },
  processes: 1,
  warn: () => {},
});
const { signal } = new AbortController();
const container = await sandbox.open({ signal });
void container.run('while True: pass', { signal });
process.send?.('running');
