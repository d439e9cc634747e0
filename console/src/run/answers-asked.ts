import { useSyncExternalStore } from 'react';
import type { Response } from '../../../src/contracts/responses/response.ts';
import { service } from '../service/service.ts';

let asked: ReadonlySet<string> = new Set();
const listeners = new Set<() => void>();

/** The ids of the responses that this page has told to answer now. The service goes on reporting their thinking until it has ended. */
export function useAnswersAsked(): ReadonlySet<string> {
  return useSyncExternalStore(subscribe, () => asked);
}

/** Tells a response to answer now. If the service did not take it, the response counts as thinking again. @throws ServiceFault */
export async function askForAnswer(id: string): Promise<Response> {
  put(new Set([...asked, id]));
  try {
    return await service.answerNow(id);
  } catch (error) {
    put(new Set([...asked].filter((one) => one !== id)));
    throw error;
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function put(next: ReadonlySet<string>): void {
  asked = next;
  for (const listener of listeners) listener();
}
