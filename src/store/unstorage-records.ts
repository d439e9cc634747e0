import type { Storage } from 'unstorage';
import { ServiceError } from '../contracts/service-error.ts';
import type { RecordStore } from './record-store.ts';

/** Records in any of unstorage's drivers. */
export function createUnstorageRecords(storage: Storage): RecordStore {
  /** The last change of each record that is being changed. */
  const changing = new Map<string, Promise<void>>();
  const get = async (key: string): Promise<unknown> => (await reach(storage.getItem<object>(key))) ?? undefined;
  const set = (key: string, value: unknown) => reach(storage.setItem(key, JSON.stringify(value)));
  return {
    get,
    set,
    async update(key, change) {
      const apply = async () => {
        const changed = change(await get(key));
        if (changed !== undefined) await set(key, changed);
      };
      const mine = (changing.get(key) ?? Promise.resolve()).then(apply, apply);
      changing.set(key, mine);
      try {
        await mine;
      } finally {
        if (changing.get(key) === mine) changing.delete(key);
      }
    },
    keys: (prefix) => reach(storage.getKeys(`${prefix}:`)),
    async remove(key) {
      const there = await reach(storage.hasItem(key));
      if (there) await reach(storage.removeItem(key));
      return there;
    },
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
