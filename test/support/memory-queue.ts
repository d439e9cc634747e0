import type { Job, JobSnapshot, JobStatus, LogLine } from '../../src/contracts/responses/job.ts';
import type { Progress } from '../../src/contracts/responses/reasoning.ts';
import { nextWireNumber, terminalLines } from '../../src/contracts/responses/terminal-lines.ts';
import { ServiceError } from '../../src/contracts/service/service-error.ts';
import { type JobHandler, type JobLease, type JobQueue, LeaseEnded } from '../../src/core/job-queue.ts';
import type { BullmqQueue } from '../../src/queue/responses/bullmq-queue.ts';

type Entry = {
  job: Job;
  log: LogLine[];
  status: JobStatus;
  attempts: number;
  progress?: Progress;
  cancel: AbortController;
  answerNow: AbortController;
  watchers: Set<() => void>;
};

/** A JobQueue in memory, for unit tests of its users. It keeps nothing and works in a single process. */
export function createMemoryQueue(): JobQueue & Pick<BullmqQueue, 'existing'> & { readers(): number } {
  const entries = new Map<string, Entry>();
  const consumers: Array<{ handler: JobHandler; free: number }> = [];
  let readers = 0;

  const append = (entry: Entry, lines: readonly LogLine[]) => {
    for (const line of lines) {
      const expected = line.stream === 'wire' ? nextWireNumber(entry.job, entry.log) : traceCount(entry);
      if (line.number !== expected) throw new Error(`${line.stream} line ${line.number}, expected ${expected}`);
      entry.log.push(line);
      if (line.terminal) entry.status = line.terminal;
    }
    for (const wake of entry.watchers) wake();
  };
  const waiting = () => {
    const queued = [...entries.values()].filter((entry) => entry.status === 'queued');
    return [...queued.filter(isDefault), ...queued.filter((entry) => !isDefault(entry))];
  };
  const pump = () => {
    for (const consumer of consumers) {
      for (let next = waiting()[0]; next && consumer.free > 0; next = waiting()[0]) void run(next, consumer);
    }
  };
  const run = async (entry: Entry, consumer: { handler: JobHandler; free: number }) => {
    consumer.free -= 1;
    entry.status = 'in_progress';
    entry.attempts += 1;
    try {
      await consumer.handler(leaseOf(entry, append));
    } catch {
      if (!ended(entry)) append(entry, [terminalLines.failed(entry.job, entry.log, 'The worker died.')]);
    }
    consumer.free += 1;
    pump();
  };
  const snapshot = (entry: Entry): JobSnapshot => ({
    job: entry.job,
    status: entry.status,
    attempts: entry.attempts,
    ...(entry.progress ? { progress: entry.progress } : {}),
    ...(entry.status === 'queued' ? { queuePosition: waiting().indexOf(entry) } : {}),
    ...terminalOf(entry),
  });

  return {
    readers: () => readers,
    async add(job) {
      const created = !entries.has(job.id);
      if (created) {
        entries.set(job.id, {
          job: structuredClone(job),
          log: [],
          status: 'queued',
          attempts: 0,
          cancel: new AbortController(),
          answerNow: new AbortController(),
          watchers: new Set(),
        });
      }
      pump();
      return { created };
    },
    async get(id) {
      const entry = entries.get(id);
      return entry && snapshot(entry);
    },
    existing: async (ids) => new Set(ids.filter((id) => entries.has(id))),
    async list({ owner, limit, after, status }) {
      const all = [...entries.values()].reverse().filter((entry) => entry.job.owner === owner);
      const from = after === undefined ? 0 : all.findIndex((entry) => entry.job.id === after) + 1;
      const matching = all.slice(from).filter((entry) => status === undefined || entry.status === status);
      const jobs = matching.slice(0, limit).map(snapshot);
      return { jobs, hasMore: matching.length > limit, waiting: waiting().length };
    },
    async *events(id, { stream, after = -1, follow = true, signal }) {
      const entry = entries.get(id);
      if (!entry) throw new ServiceError({ code: 'not_found', message: 'none' });
      readers += 1;
      try {
        for (let index = 0; !signal.aborted; ) {
          const line = entry.log[index];
          if (line) {
            index += 1;
            if (line.stream === stream && line.number > after) yield line;
            if (line.terminal) return;
          } else if (follow) {
            await changed(entry, signal);
          } else {
            return;
          }
        }
      } finally {
        readers -= 1;
      }
    },
    async control(id, command) {
      const entry = entries.get(id);
      if (!entry) return 'not_found';
      if (ended(entry)) return 'already_ended';
      if (command === 'answer_now') {
        if (entry.status === 'queued') return 'not_running';
        entry.answerNow.abort();
      } else if (entry.status === 'queued') {
        const line = command === 'expire' ? terminalLines.late : terminalLines.cancelled;
        append(entry, [line(entry.job, entry.log)]);
      } else if (command === 'cancel') {
        entry.cancel.abort(new LeaseEnded('cancelled'));
      }
      return 'accepted';
    },
    async remove(id) {
      entries.get(id)?.cancel.abort(new LeaseEnded('cancelled'));
      return entries.delete(id);
    },
    async consume({ concurrency }, handler) {
      const consumer = { handler, free: concurrency };
      consumers.push(consumer);
      pump();
      return {
        async serve() {},
        async leave() {},
        async close() {
          consumers.splice(consumers.indexOf(consumer), 1);
        },
      };
    },
    async close() {
      entries.clear();
    },
  };
}

function leaseOf(entry: Entry, append: (entry: Entry, lines: readonly LogLine[]) => void): JobLease {
  return {
    job: entry.job,
    attempt: entry.attempts,
    log: [...entry.log],
    signal: entry.cancel.signal,
    answerNow: entry.answerNow.signal,
    async append(lines) {
      if (ended(entry)) throw new LeaseEnded('lost');
      append(entry, lines);
    },
    async progress(progress) {
      entry.progress = progress;
    },
  };
}

function isDefault({ job }: Entry): boolean {
  return job.tier !== 'flex';
}

function ended(entry: Entry): boolean {
  return entry.log.at(-1)?.terminal !== undefined;
}

function terminalOf(entry: Entry): { terminal?: LogLine } {
  const last = entry.log.at(-1);
  return last?.terminal ? { terminal: last } : {};
}

function traceCount(entry: Entry): number {
  return entry.log.filter((line) => line.stream === 'trace').length;
}

function changed(entry: Entry, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      entry.watchers.delete(done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    entry.watchers.add(done);
    signal.addEventListener('abort', done);
  });
}
