import type { Logger } from 'pino';
import { createPythonSandbox, type PythonSandbox } from '../tools/python/python-sandbox.ts';
import type { Environment } from './environment.ts';

/** The worker's sandbox. It starts nothing before it is used. */
export function openPython(environment: Environment, log: Logger): PythonSandbox {
  return createPythonSandbox({
    limits: {
      timeMs: environment.THINKFIRST_PYTHON_SECONDS * 1_000,
      memoryMegabytes: environment.THINKFIRST_PYTHON_MB,
      outputBytes: environment.THINKFIRST_PYTHON_OUTPUT_KB * 1_000,
    },
    processes: environment.THINKFIRST_PYTHON_PROCESSES,
    warn: (reason) => log.warn({ reason }, 'Python starts slowly: its memory could not be kept'),
  });
}
