import type { Context } from 'hono';
import type { Job, JobSnapshot } from '../../contracts/responses/job.ts';
import { TerminalEvent } from '../../contracts/responses/response-event.ts';
import { responseJob } from '../../contracts/responses/response-job.ts';
import type { KeyLimits } from '../../contracts/service/api-key.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import { computeAllowance, usableOutput } from '../../core/token-ledger.ts';
import type { UsageLedger } from '../../store/usage-ledger.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { showLimit } from '../middleware/request-rate.ts';
import { terminalEvent } from './response-events.ts';

type ApiContext = Context<ApiEnvironment>;

/** The way into the queue: within what the key may use. */
export type Admission = {
  /**
   * Reserves what the response may use at most, then queues it. Books what it used once it has ended. A queue that gave no
   * answer may have taken it: the place stays then, until the job has ended or there is none after a minute.
   * @throws ServiceError `rate_limit_exceeded`, `quota_exceeded`; whatever the queue throws
   */
  add(c: ApiContext, job: Job, options?: { batch?: boolean }): Promise<{ created: boolean }>;
  /**
   * Books tokens that were only counted: counting them took what reading a prompt of that length takes.
   * @throws ServiceError `quota_exceeded`
   */
  count(c: ApiContext, tokens: number): Promise<void>;
  /** Books a response that is about to be removed, so that removing it gives nothing back. */
  settle(c: ApiContext, snapshot: JobSnapshot): Promise<void>;
  /** Gives back what was reserved for a response that is taken out of the queue again. */
  release(c: ApiContext, id: string): Promise<void>;
};

const retrySeconds = 2;
/** Between reserving and queueing lies a moment in which there is no job yet; a place this young is never taken back. ms */
const graceMs = 60_000;
/** Places of batches may be thousands: they are looked through no more often than this. ms */
const batchPauseMs = 5_000;
/** Nobody follows a batch's requests; while its key asks, they are looked for this often, sooner than unstored ones go. ms */
const lookMs = 300_000;

export function createAdmission({
  queue,
  ledger,
  log,
  now,
  newId,
}: Pick<ApiDependencies, 'queue' | 'ledger' | 'log' | 'now' | 'newId'>): Admission {
  const settling = new Map<string, Promise<void>>();
  const batchesSeen = new Map<string, number>();
  const looked = new Map<string, number>();

  return {
    async add(c, job, options) {
      const added = await addWithin(c, job, options);
      if (added.created) expireInTime(job);
      return added;
    },
    async count(c, tokens) {
      const { key, limits } = c.get('caller');
      if (ledger === undefined || key === undefined || limits === undefined || limits.tokens_per_day === null) return;
      const id = `count_${newId()}`;
      // As a batch's: it takes no place of those that run.
      const outcome = await ledger.reserve(key, { id, tokens, batch: true }, limits);
      if (outcome.type === 'over_quota') {
        const { tokens_per_day: limit } = limits;
        throw overQuota({ uses: `counts ${tokens} tokens`, left: outcome.tokensLeft, limit, advice: '' });
      }
      await book(ledger, key, id, tokens);
    },
    async settle(c, { job, terminal }) {
      const { key, limits } = c.get('caller');
      if (ledger === undefined || key === undefined || limits === undefined || !isLimited(limits, false)) return;
      const used = terminal === undefined ? mostTokens(job) : usedTokens(TerminalEvent.parse(terminal.data));
      await book(ledger, key, job.id, used);
    },
    async release(c, id) {
      const { key } = c.get('caller');
      if (ledger !== undefined && key !== undefined) await book(ledger, key, id, 0);
    },
  };

  async function addWithin(c: ApiContext, job: Job, { batch = false }: { batch?: boolean } = {}) {
    const { key, limits } = c.get('caller');
    if (ledger === undefined || key === undefined || limits === undefined || !isLimited(limits, batch)) {
      return queue.add(job);
    }
    const tokens = mostTokens(job);
    const reservation = { id: job.id, tokens, batch };
    if (isTimeToLook(key)) settleEnded(ledger, key).catch((error: unknown) => notBooked(error));
    let outcome = await ledger.reserve(key, reservation, limits);
    if (outcome.type === 'too_many' || outcome.type === 'over_quota') {
      // What ended a moment ago, or while its API was away, may not be booked yet.
      await settleEnded(ledger, key);
      outcome = await ledger.reserve(key, reservation, limits);
    }
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
      case 'over_quota':
        throw overQuota({
          uses: `may use up to ${tokens} tokens`,
          left: outcome.tokensLeft,
          limit: limits.tokens_per_day,
          advice: " Lower 'max_output_tokens' or the effort.",
        });
      case 'reserved':
      case 'held':
        break;
      default:
        outcome satisfies never;
    }
    try {
      const added = await queue.add(job);
      if (outcome.type !== 'reserved') return added;
      // It was there before, and has ended: then it was booked before.
      const over = !added.created && (await queue.get(job.id))?.terminal !== undefined;
      if (over) await book(ledger, key, job.id, 0);
      else if (!batch) follow(ledger, key, job.id);
      return added;
    } catch (error) {
      if (outcome.type === 'reserved') {
        // No answer is no refusal: the job may be in the queue, and then its place is the job's.
        if (isUnanswered(error)) follow(ledger, key, job.id);
        else await book(ledger, key, job.id, 0);
      }
      throw error;
    }
  }

  /** A response may wait past its deadline: then it ends in the queue. Where this process dies, its worker ends it. */
  function expireInTime(job: Job): void {
    const at = responseJob(job).deadline_at;
    if (at === null) return;
    const expire = () =>
      void queue.control(job.id, 'expire').catch((error: unknown) => {
        log.warn({ err: error, response_id: job.id }, 'deadline not kept in the queue');
      });
    const timer: unknown = setTimeout(expire, Math.max(0, at - now()));
    // Where timers are numbers, none holds a process.
    if (typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function')
      timer.unref();
  }

  function overQuota(about: { uses: string; left: number; limit: number | null; advice: string }): ServiceError {
    const { uses, left, limit, advice } = about;
    return new ServiceError({
      code: 'quota_exceeded',
      message: `This request ${uses}; the key has ${left} of its ${limit} tokens per day left until midnight UTC.${advice}`,
      retryable: false,
      retryAfterSeconds: Math.ceil(untilMidnight(now()) / 1_000),
    });
  }

  /** Not at first sight: where each request has a process of its own, all would look. */
  function isTimeToLook(key: string): boolean {
    const before = looked.get(key);
    if (before !== undefined && now() - before < lookMs) return false;
    looked.set(key, now());
    return before !== undefined;
  }

  function notBooked(error: unknown, id?: string): void {
    log.warn({ err: error, ...(id && { response_id: id }) }, 'usage not booked yet');
  }

  function follow(ledger: UsageLedger, key: string, id: string): void {
    terminalEvent(queue, id, { signal: new AbortController().signal })
      .then((end) => (end === undefined ? undefined : ledger.settle(key, id, usedTokens(end))))
      // It was removed, and booked then; or the backend is away, and it is found when a place is wanted.
      .catch((error: unknown) => notBooked(error, id));
  }

  /** One look through a key's places at a time; whoever comes meanwhile waits for it. */
  function settleEnded(ledger: UsageLedger, key: string): Promise<void> {
    const running = settling.get(key);
    if (running !== undefined) return running;
    const mine = lookThrough(ledger, key).finally(() => settling.delete(key));
    settling.set(key, mine);
    return mine;
  }

  async function lookThrough(ledger: UsageLedger, key: string): Promise<void> {
    const withBatches = now() - (batchesSeen.get(key) ?? Number.NEGATIVE_INFINITY) >= batchPauseMs;
    if (withBatches) batchesSeen.set(key, now());
    const ended = new Map<string, number>();
    for (const [id, place] of await ledger.open(key)) {
      if (place.batch && !withBatches) continue;
      const snapshot = await queue.get(id);
      if (snapshot?.terminal !== undefined) {
        ended.set(id, usedTokens(TerminalEvent.parse(snapshot.terminal.data)));
      } else if (snapshot === undefined && now() - place.at > graceMs) {
        // Any other response was followed to its end; of a batch's that is gone nobody knows what it used.
        ended.set(id, place.batch ? place.tokens : 0);
      }
    }
    if (ended.size > 0) await ledger.settleAll(key, ended);
  }

  async function book(ledger: UsageLedger, key: string, id: string, used: number): Promise<void> {
    await ledger.settle(key, id, used).catch((error: unknown) => notBooked(error, id));
  }
}

function isUnanswered(error: unknown): boolean {
  return error instanceof ServiceError && error.code === 'backend_unavailable';
}

function isLimited({ concurrent_responses, tokens_per_day }: KeyLimits, batch: boolean): boolean {
  return tokens_per_day !== null || (concurrent_responses !== null && !batch);
}

/**
 * Input and output tokens that a response hardly exceeds: thoughts within their budget with what is computed in them, a reserve for each chain's answer,
 * and one answer as long as may be.
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

function usedTokens({ response }: TerminalEvent): number {
  return response.usage?.total_tokens ?? 0;
}

function untilMidnight(now: number): number {
  const day = 86_400_000;
  return day - (now % day);
}
