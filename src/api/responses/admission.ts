import type { Context } from 'hono';
import type { Job, JobSnapshot } from '../../contracts/responses/job.ts';
import { TerminalEvent } from '../../contracts/responses/response-event.ts';
import { responseJob } from '../../contracts/responses/response-job.ts';
import type { KeyLimits } from '../../contracts/service/api-key.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import { createTurns } from '../../core/in-turn.ts';
import { computeAllowance, usableOutput } from '../../core/token-ledger.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { showLimit } from '../middleware/request-rate.ts';
import { createUsageBooks, type UsageBooks, usedTokens } from './usage-books.ts';

type ApiContext = Context<ApiEnvironment>;

/** The way into the queue: within what the key may use. */
export type Admission = {
  /**
   * Reserves the most that the response may use, then queues it. Books what it used once it has ended. If the queue does not
   * reply, the job may exist: the reservation stays until the job has ended, or until there is no job after a minute.
   * @throws ServiceError `rate_limit_exceeded`, `quota_exceeded`; whatever the queue throws
   */
  add(c: ApiContext, job: Job, options?: { batch?: boolean }): Promise<{ created: boolean }>;
  /**
   * Books tokens that were only counted: counting them took what reading a prompt of that length takes.
   * @throws ServiceError `quota_exceeded`
   */
  count(c: ApiContext, tokens: number): Promise<void>;
  /**
   * Does work that costs tokens, `tokensOf` its result, and books them. As the number is not known before, the key only needs to
   * have a token left.
   * @throws ServiceError `quota_exceeded`
   */
  metered<T>(c: ApiContext, work: () => Promise<T>, tokensOf: (result: T) => number): Promise<T>;
  /** Books a response that is about to be removed, so that removing it gives nothing back. */
  settle(c: ApiContext, snapshot: JobSnapshot): Promise<void>;
  /** Gives back what was reserved for a response that is taken out of the queue again. */
  release(c: ApiContext, id: string): Promise<void>;
};

const retrySeconds = 2;

export function createAdmission(
  dependencies: Pick<ApiDependencies, 'queue' | 'ledger' | 'log' | 'now' | 'newId'>,
): Admission {
  const { queue, ledger, log, now, newId } = dependencies;
  const books = ledger && createUsageBooks({ queue, ledger, log, now });
  const inTurn = createTurns();

  return {
    async add(c, job, { batch = false } = {}) {
      const { key, limits } = c.get('caller');
      const isHeld = books !== undefined && key !== undefined && limits !== undefined && isLimited(limits, batch);
      // In turn, so that of two requests with one Idempotency-Key the first, if it fails, does not release what the other has reserved.
      const added = isHeld
        ? await inTurn(job.id, () => addReserved(c, job, { batch, key, limits, books, queue, now }))
        : await queue.add(job);
      if (added.created) expireInTime(job, { queue, log, now });
      return added;
    },
    async count(c, tokens) {
      const { key, limits } = c.get('caller');
      if (ledger === undefined || books === undefined || key === undefined) return;
      if (limits === undefined || limits.tokens_per_day === null) return;
      const id = `count_${newId()}`;
      // Like a batch's: it takes no slot of those that run.
      const outcome = await ledger.reserve(key, { id, tokens, batch: true }, limits);
      if (outcome.type === 'over_quota') {
        const { tokens_per_day: limit } = limits;
        throw overQuota({ uses: `counts ${tokens} tokens`, left: outcome.tokensLeft, limit, advice: '' }, now());
      }
      await books.book(key, id, tokens);
    },
    async metered(c, work, tokensOf) {
      const { key, limits } = c.get('caller');
      if (ledger === undefined || books === undefined || key === undefined) return work();
      if (limits === undefined || limits.tokens_per_day === null) return work();
      const id = `count_${newId()}`;
      const outcome = await ledger.reserve(key, { id, tokens: 1, batch: true }, limits);
      if (outcome.type === 'over_quota') {
        const { tokens_per_day: limit } = limits;
        throw overQuota({ uses: 'uses tokens', left: outcome.tokensLeft, limit, advice: '' }, now());
      }
      let used = 0;
      try {
        const result = await work();
        used = tokensOf(result);
        return result;
      } finally {
        await books.book(key, id, used);
      }
    },
    async settle(c, { job, terminal }) {
      const { key, limits } = c.get('caller');
      if (books === undefined || key === undefined || limits === undefined || !isLimited(limits, false)) return;
      const used = terminal === undefined ? mostTokens(job) : usedTokens(TerminalEvent.parse(terminal.data));
      await books.book(key, job.id, used);
    },
    async release(c, id) {
      const { key } = c.get('caller');
      if (key !== undefined) await books?.book(key, id, 0);
    },
  };
}

type Reserving = {
  batch: boolean;
  key: string;
  limits: KeyLimits;
  books: UsageBooks;
  queue: ApiDependencies['queue'];
  now(): number;
};

/** Adds the job of a key that has limits. */
async function addReserved(c: ApiContext, job: Job, reserving: Reserving): Promise<{ created: boolean }> {
  const { batch, key, limits, books, queue, now } = reserving;
  const tokens = mostTokens(job);
  const outcome = await books.reserve(key, { id: job.id, tokens, batch }, limits);
  const isRefused = outcome.type === 'too_many' || outcome.type === 'over_quota';
  // A request with the same Idempotency-Key was faster, and its response needs nothing more of the key.
  if (isRefused && responseJob(job).body_hash !== undefined && (await queue.get(job.id))) return { created: false };
  if (limits.tokens_per_day !== null && outcome.type !== 'too_many') {
    const remaining = outcome.tokensLeft ?? 0;
    showLimit(c, 'tokens', { limit: limits.tokens_per_day, remaining, resetMs: untilMidnight(now()) });
  }
  switch (outcome.type) {
    case 'too_many':
      throw new ServiceError({
        code: 'rate_limit_exceeded',
        message: `This key may have ${limits.concurrent_responses} unfinished responses. Wait for one to finish.`,
        retryAfterSeconds: retrySeconds,
      });
    case 'over_quota': {
      const { tokensLeft: left } = outcome;
      const advice = " Lower 'max_output_tokens' or the effort.";
      const about = { uses: `may use up to ${tokens} tokens`, left, limit: limits.tokens_per_day, advice };
      throw overQuota(about, now());
    }
    case 'reserved':
    case 'held':
      return queueReserved(job, reserving);
    default:
      return outcome satisfies never;
  }
}

async function queueReserved(job: Job, { batch, key, books, queue }: Reserving): Promise<{ created: boolean }> {
  try {
    const added = await queue.add(job);
    // If the job already existed and has ended, it was booked then.
    const isOver = !added.created && (await queue.get(job.id))?.terminal !== undefined;
    if (isOver) await books.book(key, job.id, 0);
    else if (!batch) books.follow(key, job.id);
    return added;
  } catch (error) {
    // The job may be in the queue, and then the reservation is the job's: without a reply, or if another process added it.
    const mayBeThere = isUnanswered(error) || (await queue.get(job.id).catch(() => job)) !== undefined;
    if (mayBeThere) books.follow(key, job.id);
    else await books.book(key, job.id, 0);
    throw error;
  }
}

/** Ends a response that is still queued at its deadline. If this process dies, a worker ends it. */
function expireInTime(job: Job, { queue, log, now }: Pick<ApiDependencies, 'queue' | 'log' | 'now'>): void {
  const at = responseJob(job).deadline_at;
  if (at === null) return;
  const { id } = job;
  const expire = () =>
    void queue.control(id, 'expire').catch((error: unknown) => {
      log.warn({ err: error, response_id: id }, 'deadline not kept in the queue');
    });
  const timer: unknown = setTimeout(expire, Math.max(0, at - now()));
  // Where timers are numbers, none keeps a process alive.
  if (typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function')
    timer.unref();
}

function overQuota(
  { uses, left, limit, advice }: { uses: string; left: number; limit: number | null; advice: string },
  now: number,
): ServiceError {
  return new ServiceError({
    code: 'quota_exceeded',
    message: `This request ${uses}; the key has ${left} of its ${limit} tokens per day left until midnight UTC.${advice}`,
    retryable: false,
    retryAfterSeconds: Math.ceil(untilMidnight(now) / 1_000),
  });
}

function isUnanswered(error: unknown): boolean {
  return error instanceof ServiceError && error.code === 'backend_unavailable';
}

function isLimited({ concurrent_responses, tokens_per_day }: KeyLimits, batch: boolean): boolean {
  return tokens_per_day !== null || (concurrent_responses !== null && !batch);
}

/**
 * Input and output tokens that a response hardly ever exceeds: the thinking budget with values computed in it, a reserve for
 * each other chain's answer, and one answer of the maximum length.
 */
function mostTokens(job: Job): number {
  const { request, input_tokens, effective, answer } = responseJob(job);
  const others = effective.budget_tokens === 0 ? 0 : effective.samples + effective.max_revisions + 1;
  const computed = effective.compute === 'on' ? computeAllowance(effective.budget_tokens) : 0;
  const output = usableOutput({
    thinking: effective.budget_tokens + computed,
    otherAnswers: others,
    reserve: effective.answer_reserve_tokens,
    answerTokens: answer.max_tokens,
  });
  return input_tokens + Math.min(output, request.max_output_tokens ?? Number.POSITIVE_INFINITY);
}

function untilMidnight(now: number): number {
  const day = 86_400_000;
  return day - (now % day);
}
