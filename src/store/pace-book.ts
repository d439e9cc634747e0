import { createHash } from 'node:crypto';
import { Pace, type PaceBook } from '../contracts/service/pace.ts';
import type { RecordStore } from '../core/record-store.ts';

/** Runs kept for each effort: enough for a median that follows the load. */
const kept = 33;
/**
 * Chains kept: enough to find the length within which 95 % end, few enough to follow a change of the model behind the
 * name.
 */
const keptChains = 200;
const freshMs = 2_000;

export function createPaceBook({ records, now }: { records: RecordStore; now(): number }): PaceBook {
  const seen = new Map<string, { pace: Pace | undefined; readAt: number }>();
  const parse = (value: unknown): Pace | undefined => Pace.safeParse(value).data;
  return {
    async add(model, effort, { run, chains = [] }) {
      await records.update(recordKey(model), (value) => {
        const before = parse(value);
        const ran = [...(before?.runs[effort] ?? []), ...(run === undefined ? [] : [run])].slice(-kept);
        const lengths = [...(before?.chains ?? []), ...chains].slice(-keptChains);
        const runs = { ...before?.runs, [effort]: ran };
        return { version: 1, runs, ...(lengths.length > 0 && { chains: lengths }) } satisfies Pace;
      });
      seen.delete(model);
    },
    async of(model) {
      const known = seen.get(model);
      if (known !== undefined && now() - known.readAt < freshMs) return known.pace;
      const pace = parse(await records.get(recordKey(model)));
      seen.set(model, { pace, readAt: now() });
      return pace;
    },
  };
}

/** Model ids may contain characters that record keys may not. */
function recordKey(model: string): string {
  return `pace:${createHash('sha256').update(model).digest('hex').slice(0, 32)}`;
}
