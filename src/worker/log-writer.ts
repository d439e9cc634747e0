import type { LogLine } from '../contracts/responses/job.ts';

/** Writes a job's lines in order; lines that arrive while an append is running share the next one. */
export type LogWriter = {
  /** Queues lines; resolves at once unless the backend is far behind. Rejects with what an earlier append threw. */
  write(lines: readonly LogLine[]): Promise<void>;
  /** Resolves once everything is written. Rejects with what an append threw. */
  flush(): Promise<void>;
  /** All lines in the job's log now, including earlier attempts'. */
  lines(): readonly LogLine[];
};

/** With more unwritten lines than this, `write` waits, so that a slow backend slows the model down instead of filling memory. */
const mostUnwritten = 256;

export function createLogWriter(options: {
  earlier: readonly LogLine[];
  append(lines: readonly LogLine[]): Promise<void>;
}): LogWriter {
  const written: LogLine[] = [...options.earlier];
  let unwritten: LogLine[] = [];
  let writing: Promise<void> | undefined;
  let fault: { error: unknown } | undefined;

  const pump = async (): Promise<void> => {
    while (unwritten.length > 0 && fault === undefined) {
      const lines = unwritten;
      unwritten = [];
      try {
        await options.append(lines);
        written.push(...lines);
      } catch (error) {
        fault = { error };
      }
    }
    writing = undefined;
  };
  const flush = async (): Promise<void> => {
    while (writing !== undefined) await writing;
    if (fault !== undefined) throw fault.error;
  };

  return {
    async write(lines) {
      if (fault !== undefined) throw fault.error;
      unwritten.push(...lines);
      // Delayed, so that all lines of one turn of the event loop go into one append.
      writing ??= new Promise<void>((resolve) => setImmediate(resolve)).then(pump);
      if (unwritten.length > mostUnwritten) await flush();
    },
    flush,
    lines: () => written,
  };
}
