import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import type { Constraint } from '../../contracts/constraint.ts';
import { ServiceError } from '../../contracts/service-error.ts';
import { bundleEntry } from '../entry-bundle.ts';
import { constraintFault } from './check-constraint.ts';
import { constraintParams } from './constraint-language.ts';
import { unsupported } from './unsupported.ts';

/** All constraints of one request, by the clock; an ordinary schema takes a few on a free machine. ms */
const timeLimit = 5_000;
/** A machine may be slow to start a thread, which is no fault of a schema's. ms */
const startLimit = 20_000;
/** Of the thread's heap. MiB. */
const memoryLimit = 256;
/** Characters of JSON that are read at once, where there is no pattern among them: a thread's answer takes longer. */
const smallLength = 1_000;

const Faults = z.array(z.object({ message: z.string(), param: z.string().optional() }).optional());

export type ConstraintChecker = (constraints: readonly Constraint[]) => Promise<Array<ServiceError | undefined>>;

/**
 * Why constraints can't be enforced, one after the other; undefined for one that can. Reading a schema of bounded size may
 * still take ten seconds (a thousand patterns), so it is read on a thread of its own, started at the first such schema and
 * ended with what takes longer than `timeLimit`.
 */
export function createConstraintChecker(): ConstraintChecker {
  let thread: Promise<Worker> | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  return (constraints) => {
    if (constraints.every(isSmall)) return Promise.resolve(constraints.map(constraintFault));
    const mine = turn.then(() => judge(constraints));
    turn = mine;
    return mine;
  };

  async function judge(constraints: readonly Constraint[]): Promise<Array<ServiceError | undefined>> {
    let worker: Worker | undefined;
    try {
      thread ??= startThread();
      worker = await thread;
      // While it reads it keeps the process alive, and between two requests it doesn't.
      worker.ref();
      const answer = once(worker, 'message', { signal: AbortSignal.timeout(timeLimit) });
      worker.postMessage(constraints);
      const [faults] = await answer;
      worker.unref();
      return Faults.parse(faults).map((fault) => fault && unsupportedAs(fault));
    } catch {
      // It is in the middle of something, out of memory, or never began.
      thread = undefined;
      await worker?.terminate();
      // No thread at all: as good as it can be done without one.
      if (worker === undefined) return constraints.map(constraintFault);
      return constraints.map(({ type }) => unsupported(constraintParams[type], 'reading it takes too long'));
    }
  }
}

function isSmall(constraint: Constraint): boolean {
  const text = JSON.stringify(constraint);
  return text.length <= smallLength && !/"pattern/.test(text);
}

function unsupportedAs({ message, param }: { message: string; param?: string | undefined }): ServiceError {
  return new ServiceError({ code: 'unsupported_constraint', message, ...(param === undefined ? {} : { param }) });
}

/** Bundled, since a thread has no loader of TypeScript of its own. */
async function startThread(): Promise<Worker> {
  const { code } = await bundleEntry(new URL('./constraint-thread.ts', import.meta.url));
  const worker = new Worker(new URL(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`), {
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
  // A fault is met by whoever waits then.
  worker.on('error', () => undefined);
  return worker;
}
