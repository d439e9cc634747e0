import { ServiceTier } from '../contracts/responses/job.ts';

/** Of ten jobs that could be taken, so many are of each tier while all have some: none starves. */
export const tierWeights: Record<ServiceTier, number> = { priority: 6, default: 3, flex: 1 };

/** A queue that jobs are pulled from, and how often in comparison with others. */
export type PulledQueue = { name: string; weight: number };

type Jobs = { model: string; tier: ServiceTier };

/** BullMQ's queue of a model's jobs of one tier: no two models share one. BullMQ takes no colon in a name. */
export function queueName(base: string, { model, tier }: Jobs): string {
  return `${base}.${model.replace(/[%:]/g, encodeURIComponent)}.${tier}`;
}

/** As an earlier version named it: `a:b` and `a_b` shared one. */
function earlierName(base: string, { model, tier }: Jobs): string {
  return `${base}.${model.replaceAll(':', '_')}.${tier}`;
}

/**
 * What a worker with these models pulls from: their queues, and those in which earlier versions may have left jobs (`base`
 * itself was once the queue of everything). Jobs of other models may be in the latter.
 */
export function pulledQueues(base: string, models: readonly string[]): PulledQueue[] {
  const jobs = models.flatMap((model) => ServiceTier.options.map((tier) => ({ model, tier })));
  const weights = new Map([[base, tierWeights.default]]);
  for (const name of [queueName, earlierName]) {
    for (const one of jobs) weights.set(name(base, one), tierWeights[one.tier]);
  }
  return [...weights].map(([name, weight]) => ({ name, weight }));
}
