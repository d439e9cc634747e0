import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** `unknown`: the schema can't be judged by, since it is no schema, goes round for ever, or takes too long. */
export type SchemaFit =
  | { fits: true }
  | { fits: false; at: string; reason: string }
  | { fits: 'unknown'; reason: string };

/** By the clock, since a thread can't be stopped by its processor time: an ordinary schema takes under 5 on a free machine. ms */
const timeLimit = 500;
/** Of the thread's heap. MiB. */
const memoryLimit = 64;
/** A machine may be slow to start a thread, which is no fault of a schema's. ms */
const startLimit = 20_000;
/** Schemas that took too long once are not tried again. */
const mostRemembered = 1_000;
const tooSlow = new Set<string>();
const slow: SchemaFit = { fits: 'unknown', reason: 'the schema takes too long' };

let thread: Promise<Worker> | undefined;
let turn: Promise<unknown> = Promise.resolve();

/**
 * Judges a value by a caller's schema (draft 2020-12). A pattern may backtrack and references may multiply without end,
 * and neither the validator nor its regular expressions can be made linear: so it runs in a thread of its own, one schema
 * after the other, which is ended with what takes longer than `timeLimit`. This process goes on meanwhile.
 */
export function schemaFit(schema: Readonly<Record<string, unknown>>, value: unknown): Promise<SchemaFit> {
  const mine = turn.then(() => judge(schema, value));
  turn = mine;
  return mine;
}

async function judge(schema: Readonly<Record<string, unknown>>, value: unknown): Promise<SchemaFit> {
  const name = JSON.stringify(schema);
  if (tooSlow.has(name)) return slow;
  let worker: Worker | undefined;
  try {
    thread ??= startThread();
    worker = await thread;
    // While it judges it keeps the process alive, and between two schemas it doesn't.
    worker.ref();
    const answer = once(worker, 'message', { signal: AbortSignal.timeout(timeLimit) });
    worker.postMessage({ schema, value });
    const [fit]: SchemaFit[] = await answer;
    worker.unref();
    return fit ?? slow;
  } catch {
    // It is in the middle of something, out of memory, or never began.
    thread = undefined;
    await worker?.terminate();
    if (worker === undefined) return { fits: 'unknown', reason: 'the schema could not be judged' };
    if (tooSlow.size >= mostRemembered) tooSlow.clear();
    tooSlow.add(name);
    return slow;
  }
}

async function startThread(): Promise<Worker> {
  const worker = new Worker(new URL('./schema-fit-thread.mjs', import.meta.url), {
    // The options of this process, a loader of TypeScript among them, are not for it.
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memoryLimit },
  });
  try {
    await once(worker, 'message', { signal: AbortSignal.timeout(startLimit) });
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  // A fault is told to whoever waits then.
  worker.on('error', () => undefined);
  return worker;
}
