import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Driver, Storage } from 'unstorage';
import fsDriver from 'unstorage/drivers/fs';
import { ServiceError } from '../contracts/service/service-error.ts';
import { createTurns } from '../core/in-turn.ts';
import type { RecordStore } from '../core/record-store.ts';

/** By this time a file that was being written has been renamed or deleted. ms */
const leftOverMs = 3_600_000;

/**
 * unstorage's files below `base`, each of them complete at any moment. The library's own driver writes in place, so a
 * killed process leaves half a file. Here a file is written and flushed in `<base>-unfinished` and then renamed in one
 * step. The first write removes files that killed processes left there.
 */
export function recordFiles(base: string): Driver {
  const unfinished = `${base}-unfinished`;
  let swept: Promise<void> | undefined;
  return {
    ...fsDriver({ base }),
    // The library's own method reads all folders for each prefix.
    getKeys: (prefix) => keysBelow(join(base, prefix.replaceAll(':', '/')), prefix.replace(/(?<=[^:])$/, ':')),
    async setItem(key, value) {
      const file = join(base, key.replaceAll(':', '/'));
      const beside = join(unfinished, randomUUID());
      await Promise.all([mkdir(dirname(file), { recursive: true }), mkdir(unfinished, { recursive: true })]);
      swept ??= sweep(unfinished).catch(() => undefined);
      await swept;
      try {
        await writeFile(beside, value, { flush: true });
        await rename(beside, file);
      } catch (error) {
        await rm(beside, { force: true });
        throw error;
      }
    },
  };
}

async function keysBelow(folder: string, prefix: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    // It was removed in the meantime, or never existed.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  const found = entries.map((entry) =>
    entry.isDirectory() ? keysBelow(join(folder, entry.name), `${prefix}${entry.name}:`) : [`${prefix}${entry.name}`],
  );
  return (await Promise.all(found)).flat();
}

/** Another process may be writing there, so recent files are kept. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    if (Date.now() - (await stat(file)).mtimeMs > leftOverMs) await rm(file, { force: true });
  }
}

/** Records in any unstorage driver that only one process writes to. */
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
    close: () => storage.dispose(),
  };
}

async function reach<T>(operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (cause) {
    throw new ServiceError({ code: 'backend_unavailable', message: 'The record store is not responding.', cause });
  }
}
