import type { ApiDependencies } from '../../../src/api/dependencies.ts';
import { allScopes, type KeyScopes } from '../../../src/contracts/key-scopes.ts';
import { responseJob } from '../../../src/contracts/response-job.ts';
import { createApi } from '../fixture.ts';
import { type WireScript, wireWorker } from './wire-worker.ts';

/** The app with a worker that writes `script`; `jobs` are the bodies of what it was given. */
export async function createTranslatingApi(script: WireScript, overrides: Partial<ApiDependencies> = {}) {
  const api = createApi(overrides);
  const jobs: ReturnType<typeof responseJob>[] = [];
  const worker = wireWorker(script);
  await api.queue.consume({ concurrency: 4 }, async (lease) => {
    jobs.push(responseJob(lease.job));
    await worker(lease);
  });
  return { ...api, jobs };
}

export const noTrace: KeyScopes = { ...allScopes, trace: 'none' };
