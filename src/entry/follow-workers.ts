import type { JobDirectory } from '../queue/job-directory.ts';

/** Workers announce themselves every 5 s; one that just came should be known before its first job is. ms */
const lookMs = 1_000;

/** Follows what the workers have room for. Resolves after the first look; what was seen last holds while Redis is away. */
export async function followWorkers(options: {
  directory: Pick<JobDirectory, 'contextLengths'>;
  onError(error: unknown): void;
}): Promise<{ contextLengths(): ReadonlyMap<string, number>; close(): void }> {
  let known: ReadonlyMap<string, number> = new Map();
  let looking = false;
  const look = async () => {
    if (looking) return;
    looking = true;
    try {
      known = await options.directory.contextLengths();
    } catch (error) {
      options.onError(error);
    } finally {
      looking = false;
    }
  };
  await look();
  const timer = setInterval(look, lookMs);
  timer.unref();
  return { contextLengths: () => known, close: () => clearInterval(timer) };
}
