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
