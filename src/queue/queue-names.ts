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

/** The queues of one model. */
export function queuesOf(base: string, model: string): string[] {
  return ServiceTier.options.map((tier) => queueName(base, { model, tier }));
}

/** The queues that a worker with these models pulls from. */
export function pulledQueues(base: string, models: readonly string[]): PulledQueue[] {
  return models.flatMap((model) =>
    ServiceTier.options.map((tier) => ({ name: queueName(base, { model, tier }), weight: tierWeights[tier] })),
  );
}
