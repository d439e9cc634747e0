/** What the queue tells the operator; a pino logger fits. */
export type QueueLog = { warn(fields: { err: Error }, message: string): void };

/** An outage repeats its error every second on each connection: each message is told once per `everyMs`. */
export function createErrorReporter(log: QueueLog, everyMs = 30_000): (error: Error) => void {
  const told = new Map<string, number>();
  return (error) => {
    const now = performance.now();
    const before = told.get(error.message);
    if (before !== undefined && now - before < everyMs) return;
    if (told.size > 100) told.clear();
    told.set(error.message, now);
    log.warn({ err: error }, `queue: ${error.message}`);
  };
}
