import type { JobQueue } from '../core/job-queue.ts';

const answerMs = 2_000;

/** Whether the queue's backend answers, within two seconds. Never throws. */
export async function backendAnswers(queue: Pick<JobQueue, 'list'>): Promise<boolean> {
  const late = new Promise<boolean>((resolve) => setTimeout(resolve, answerMs, false).unref());
  const answered = queue.list({ owner: null, limit: 1 }).then(
    () => true,
    () => false,
  );
  return Promise.race([answered, late]);
}
