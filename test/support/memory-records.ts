import { createTurns } from '../../src/core/in-turn.ts';
import type { RecordStore } from '../../src/core/record-store.ts';

/** Records that last as long as the test. */
export function createMemoryRecords(): RecordStore {
  const inTurn = createTurns();
  const stored = new Map<string, string>();
  const get = async (key: string): Promise<unknown> => {
    const text = stored.get(key);
    return text === undefined ? undefined : JSON.parse(text);
  };
  const write = async (key: string, value: unknown) => void stored.set(key, JSON.stringify(value));
  return {
    get,
    set: (key, value) => inTurn(key, () => write(key, value)),
    update: (key, change) =>
      inTurn(key, async () => {
        const changed = change(await get(key));
        if (changed !== undefined) await write(key, changed);
      }),
    keys: async (prefix) => [...stored.keys()].filter((key) => key.startsWith(`${prefix}:`)),
    remove: (key) => inTurn(key, async () => stored.delete(key)),
    close: async () => undefined,
  };
}
