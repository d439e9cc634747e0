import { ServiceError } from '../contracts/service/service-error.ts';
import { createTurns } from '../core/in-turn.ts';
import type { ChangeRecord } from './usage-ledger.ts';

/** Each try fails only because another one succeeded. */
const mostTries = 200;

/**
 * Changes of one value over all processes, by compare and swap; those of this process wait for each other.
 * @throws what `change` throws; ServiceError `backend_unavailable` with `message` where Redis doesn't answer
 */
export function createRedisSwap(options: {
  read(key: string): Promise<string | null>;
  /** Writes `after` where `before` still stands. False: something else does. */
  swap(key: string, before: string | null, after: string): Promise<boolean>;
  message: string;
}): ChangeRecord {
  const { read, swap, message } = options;
  const inTurn = createTurns();
  const reach = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (cause) {
      throw new ServiceError({ code: 'backend_unavailable', message, cause });
    }
  };
  return (key, change) =>
    inTurn(key, async () => {
      for (let tries = 0; tries < mostTries; tries += 1) {
        const before = await reach(read(key));
        const changed = change(before === null ? undefined : JSON.parse(before));
        if (changed === undefined) return;
        if (await reach(swap(key, before, JSON.stringify(changed)))) return;
      }
      throw new ServiceError({ code: 'backend_unavailable', message: 'The record changes too often.' });
    });
}
