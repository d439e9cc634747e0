import { chmodSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tryLock } from 'fs-native-extensions';

/**
 * A kernel lock on a file. It is released when the process ends, in whatever way, and cannot be stolen from a process
 * whose event loop is blocked. Undefined: another process holds it.
 */
export async function lockFolder(file: string): Promise<{ release(): Promise<void> } | undefined> {
  const handle: FileHandle = await open(file, 'a+');
  if (!tryLock(handle.fd)) {
    await handle.close();
    return undefined;
  }
  return { release: () => handle.close() };
}

/** The entries of a data folder of this service. */
const ours: ReadonlySet<string> = new Set(['queue', 'queue.lock', 'records', 'records-unfinished', 'secret']);

/** Permissions of anyone but the owner. */
const othersRights = 0o077;

/**
 * Creates the data folder and its parents for this user only (0700), because prompts, thoughts and answers are stored
 * there unencrypted. An existing folder is closed to others, unless it has other files than ours or belongs to another
 * user; then `openToOthers` reports it.
 * @throws the file system's error if it cannot be created
 */
export function makeDataFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (!openToOthers(path) || !readdirSync(path).every((name) => ours.has(name))) return;
  try {
    chmodSync(path, 0o700);
  } catch {
    // It belongs to another user, such as a mounted volume.
  }
}

/** Whether other users of this machine can enter a folder. Windows has no such permissions. */
export function openToOthers(path: string): boolean {
  return process.platform !== 'win32' && existsSync(path) && (statSync(path).mode & othersRights) !== 0;
}

/** From now on, only this process's user can read files that it creates. */
export function keepFilesPrivate(): void {
  process.umask(othersRights);
}
