import { chmodSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tryLock } from 'fs-native-extensions';

/**
 * A kernel lock on a file: it goes with the process, however that ends, and can't be stolen from one whose event loop
 * blocks. Undefined: another process holds it.
 */
export async function lockFolder(file: string): Promise<{ release(): Promise<void> } | undefined> {
  const handle: FileHandle = await open(file, 'a+');
  if (!tryLock(handle.fd)) {
    await handle.close();
    return undefined;
  }
  return { release: () => handle.close() };
}

/** What a data folder of this service has in it. */
const ours: ReadonlySet<string> = new Set(['queue', 'queue.lock', 'records', 'records-unfinished', 'secret']);

/** Rights of others than the owner. */
const othersRights = 0o077;

/**
 * Makes the data folder, with its parents, for this user alone (0700): prompts, thoughts and answers lie there in plain form. One
 * that is there already is closed to others, unless it holds other files than ours or belongs to another user: `openToOthers`
 * says so then.
 * @throws what the file system says where it can't be made
 */
export function makeDataFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (!openToOthers(path) || !readdirSync(path).every((name) => ours.has(name))) return;
  try {
    chmodSync(path, 0o700);
  } catch {
    // Another user's, such as a mounted volume.
  }
}

/** Whether other users of this machine may enter a folder. Windows has no such rights. */
export function openToOthers(path: string): boolean {
  return process.platform !== 'win32' && existsSync(path) && (statSync(path).mode & othersRights) !== 0;
}

/** Files that this process makes from now on are its user's alone. */
export function keepFilesPrivate(): void {
  process.umask(othersRights);
}
