import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ServiceError } from '../contracts/service/service-error.ts';
import { createTurns } from '../core/in-turn.ts';
import type { RecordStore } from '../core/record-store.ts';

/** By this time a file that was being written has been renamed or deleted. ms */
const leftOverMs = 3_600_000;

const recordKey = /^[\w-]+(:[\w-]+)*$/;

/**
 * Records as files below `base`, for one process that writes: `conversations:conv_1` is `conversations/conv_1`. Each file is
 * complete at any moment: it is written and flushed in `<base>-unfinished`, then renamed in one step. The first write removes
 * files that killed processes left there.
 */
export function createFileRecords(base: string): RecordStore {
  const inTurn = createTurns();
  const unfinished = `${base}-unfinished`;
  let swept: Promise<void> | undefined;
  /** Undefined for a key that no record can have, so no file outside `base` is reached. */
  const fileOf = (key: string) => (recordKey.test(key) ? join(base, key.replaceAll(':', '/')) : undefined);

  const get = async (key: string): Promise<unknown> => {
    const file = fileOf(key);
    const text = file === undefined ? undefined : await reach(unlessAbsent(readFile(file, 'utf8')));
    return text === undefined ? undefined : JSON.parse(text);
  };
  const write = async (key: string, value: unknown): Promise<void> => {
    const file = fileOf(key);
    if (file === undefined) throw new Error(`'${key}' is not a record key`);
    await reach(replaceFile(file, JSON.stringify(value)));
  };
  return {
    get,
    // In turn with updates: a record that is removed during one must not come back with its end.
    set: (key, value) => inTurn(key, () => write(key, value)),
    update: (key, change) =>
      inTurn(key, async () => {
        const changed = change(await get(key));
        if (changed !== undefined) await write(key, changed);
      }),
    async keys(prefix) {
      const folder = fileOf(prefix);
      return folder === undefined ? [] : reach(keysBelow(folder, `${prefix}:`));
    },
    remove: (key) =>
      inTurn(key, async () => {
        const file = fileOf(key);
        const removed = file && (await reach(unlessAbsent(unlink(file).then(() => true))));
        return removed === true;
      }),
    close: async () => undefined,
  };

  async function replaceFile(file: string, text: string): Promise<void> {
    const beside = join(unfinished, randomUUID());
    await Promise.all([mkdir(dirname(file), { recursive: true }), mkdir(unfinished, { recursive: true })]);
    swept ??= sweep(unfinished).catch(() => undefined);
    await swept;
    try {
      await writeFile(beside, text, { flush: true });
      await rename(beside, file);
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
  }
}

async function keysBelow(folder: string, prefix: string): Promise<string[]> {
  // The folder may have been removed meanwhile, or never existed.
  const entries = (await unlessAbsent(readdir(folder, { withFileTypes: true }))) ?? [];
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

/** Undefined if there is no such file, or a folder in its place. */
async function unlessAbsent<T>(operation: Promise<T>): Promise<T | undefined> {
  return operation.catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw error;
  });
}

async function reach<T>(operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (cause) {
    throw new ServiceError({ code: 'backend_unavailable', message: 'The record store is not responding.', cause });
  }
}
