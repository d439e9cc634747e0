import { createKeyStore, type KeyStore } from '../store/key-store.ts';
import { parseEnvironment } from './environment.ts';
import { openRecords } from './open-records.ts';

/**
 * The keys of the service that this environment describes, for `thinkfirst keys`. It may run or not: keys are records
 * beside the queue (files in the data folder, or in Redis), which no lock guards, and a running service notices within
 * seconds. Times of an ordinary call: under 50 ms on files.
 * @throws StartError where the data folder can't be written or Redis doesn't answer
 */
export async function openKeys(
  variables: Readonly<Record<string, string | undefined>>,
): Promise<{ keys: KeyStore; close(): Promise<void> }> {
  const { records } = await openRecords(parseEnvironment(variables));
  return { keys: createKeyStore({ records, now: Date.now }), close: () => records.close() };
}
