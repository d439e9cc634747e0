import type { WorkersModels } from '../contracts/service/context-lengths.ts';
import { type JobDirectory, readWorkersModels } from '../queue/responses/job-directory.ts';

/** Workers announce themselves every 5 s; one that just came should be known before its first job is. ms */
const lookMs = 1_000;

/** Follows what the workers know of their models. Resolves after the first look; what was seen last holds while Redis is away. */
export async function followWorkers(options: {
  directory: Pick<JobDirectory, 'contextLengths' | 'capabilities'>;
  onError(error: unknown): void;
}): Promise<{ known(): WorkersModels; close(): void }> {
  let known: WorkersModels = { contextLengths: new Map(), capabilities: new Map() };
  let looking = false;
  const look = async () => {
    if (looking) return;
    looking = true;
    try {
      known = await readWorkersModels(options.directory);
    } catch (error) {
      options.onError(error);
    } finally {
      looking = false;
    }
  };
  await look();
  const timer = setInterval(look, lookMs);
  timer.unref();
  return { known: () => known, close: () => clearInterval(timer) };
}
