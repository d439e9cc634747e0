import { ServiceTier } from '../contracts/responses/job.ts';

/** How many of ten jobs are taken from each tier while all tiers have jobs: no tier starves. */
const tierWeights: Record<ServiceTier, number> = { priority: 6, default: 3, flex: 1 };

/** A queue that jobs are pulled from, with its share relative to the others. */
type PulledQueue = { name: string; weight: number };

type Jobs = { model: string; tier: ServiceTier };

/** The BullMQ queue for one model's jobs of one tier; no two models share one. BullMQ allows no colon in a name. */
export function queueName(base: string, { model, tier }: Jobs): string {
  return `${base}.${model.replace(/[%:]/g, encodeURIComponent)}.${tier}`;
}

/** The name in an earlier version, in which `a:b` and `a_b` shared a queue. */
function earlierName(base: string, { model, tier }: Jobs): string {
  return `${base}.${model.replaceAll(':', '_')}.${tier}`;
}

/**
 * The queues that a worker with these models pulls from: those of its models, and those in which earlier versions may
 * have left jobs (`base` itself was once the only queue). The latter may contain jobs of other models.
 */
export function pulledQueues(base: string, models: readonly string[]): PulledQueue[] {
  const jobs = models.flatMap((model) => ServiceTier.options.map((tier) => ({ model, tier })));
  const weights = new Map([[base, tierWeights.default]]);
  for (const name of [queueName, earlierName]) {
    for (const one of jobs) weights.set(name(base, one), tierWeights[one.tier]);
  }
  return [...weights].map(([name, weight]) => ({ name, weight }));
}
