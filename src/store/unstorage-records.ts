import type { Storage } from 'unstorage';
import { ServiceError } from '../contracts/service/service-error.ts';
import { createTurns } from '../core/in-turn.ts';
import type { RecordStore } from '../core/record-store.ts';

/** Records in any of unstorage's drivers, of which one process has the writing. */
export function createUnstorageRecords(storage: Storage): RecordStore {
  const inTurn = createTurns();
  const get = async (key: string): Promise<unknown> => (await reach(storage.getItem<object>(key))) ?? undefined;
  const set = (key: string, value: unknown) => reach(storage.setItem(key, JSON.stringify(value)));
  return {
    get,
    set,
    update: (key, change) =>
      inTurn(key, async () => {
        const changed = change(await get(key));
        if (changed !== undefined) await set(key, changed);
      }),
    keys: (prefix) => reach(storage.getKeys(`${prefix}:`)),
    async remove(key) {
      const there = await reach(storage.hasItem(key));
      if (there) await reach(storage.removeItem(key));
      return there;
    },
    reindex: async () => undefined,
    close: () => storage.dispose(),
  };
}

async function reach<T>(operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (cause) {
    throw new ServiceError({ code: 'backend_unavailable', message: 'The store of records does not answer.', cause });
  }
}
