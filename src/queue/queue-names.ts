import { ServiceTier } from '../contracts/job.ts';

/** Of ten jobs that could be taken, so many are of each tier while all have some: none starves. */
export const tierWeights: Record<ServiceTier, number> = { priority: 6, default: 3, flex: 1 };

/** A queue that jobs are pulled from, and how often in comparison with others. */
export type PulledQueue = { name: string; weight: number };

/** BullMQ's queue of a model's jobs of one tier. */
export function queueName(base: string, { model, tier }: { model: string; tier: ServiceTier }): string {
  // BullMQ takes no colon in a name.
  return `${base}.${model.replaceAll(':', '_')}.${tier}`;
}

/** What a worker with these models pulls from. `base` itself holds jobs of versions that had one queue for everything. */
export function pulledQueues(base: string, models: readonly string[]): PulledQueue[] {
  const own = models.flatMap((model) =>
    ServiceTier.options.map((tier) => ({ name: queueName(base, { model, tier }), weight: tierWeights[tier] })),
  );
  return [{ name: base, weight: tierWeights.default }, ...own];
}
