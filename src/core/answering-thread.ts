import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** A slow machine may take long to start a thread; that does not count as the time of a question. ms */
const startLimit = 20_000;

/** `unanswered`: the thread took too long or ran out of memory, and was ended. `unstarted`: there is no thread. */
type ThreadAnswer<Answer> = { status: 'answered'; value: Answer } | { status: 'unanswered' | 'unstarted' };

/**
 * A thread of its own for work that can't be interrupted, started at the first question and asked one after the other. It is
 * ended with what takes longer than `timeLimit` (ms, by the clock), and the next question starts another.
 * @param options.script what it runs; it posts one message when it is ready, then one for each question
 * @param options.memoryLimit of its heap, MiB
 */
export function createAnsweringThread<Answer>(options: {
  script(): URL | Promise<URL>;
  timeLimit: number;
  memoryLimit: number;
}): (question: unknown, isWanted?: () => boolean) => Promise<ThreadAnswer<Answer>> {
  let thread: Promise<Worker> | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  return (question, isWanted = () => true) => {
    // Looked at when its turn has come: what was asked before may have settled it.
    const mine = turn.then(() => (isWanted() ? ask(question) : { status: 'unanswered' as const }));
    turn = mine;
    return mine;
  };

  async function ask(question: unknown): Promise<ThreadAnswer<Answer>> {
    let worker: Worker | undefined;
    try {
      thread ??= start();
      worker = await thread;
      // While it works it keeps the process alive, and between two questions it doesn't.
      worker.ref();
      const answer = once(worker, 'message', { signal: AbortSignal.timeout(options.timeLimit) });
      worker.postMessage(question);
      const [value]: Answer[] = await answer;
      worker.unref();
      return value === undefined ? { status: 'unanswered' } : { status: 'answered', value };
    } catch {
      // It is in the middle of something, out of memory, or never began.
      thread = undefined;
      await worker?.terminate();
      return { status: worker === undefined ? 'unstarted' : 'unanswered' };
    }
  }

  async function start(): Promise<Worker> {
    const worker = new Worker(await options.script(), {
      // The options of this process, a loader of TypeScript among them, are not for it.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: options.memoryLimit },
    });
    try {
      await once(worker, 'message', { signal: AbortSignal.timeout(startLimit) });
    } catch (error) {
      await worker.terminate();
      throw error;
    }
    // A failure reaches the caller that waits at that moment.
    worker.on('error', () => undefined);
    return worker;
  }
}
