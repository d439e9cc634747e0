import type { Context } from 'hono';
import type { Job } from '../../contracts/responses/job.ts';
import type { Response, Warning } from '../../contracts/responses/response.ts';
import { responseJob } from '../../contracts/responses/response-job.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { type Identity, requestIdentity } from '../middleware/idempotency.ts';
import { countRequest } from '../middleware/request-rate.ts';
import { isObject } from '../read-request.ts';
import { acceptResponse } from '../responses/accept-response.ts';
import { type Admission, createAdmission } from '../responses/admission.ts';
import { acceptedBefore, type Before, leaveResponse } from '../responses/response-readers.ts';
import { findResponse, responseView } from '../responses/response-view.ts';
import { type AnswerPiece, answerPieces, type Thoughts } from './answer-pieces.ts';
import { callersFault, callersWarnings, type Translation } from './translation.ts';

type ApiContext = Context<ApiEnvironment>;

/** A translated request's job, with its warnings by the caller's names. */
export type Run = {
  job: Job;
  warnings: readonly Warning[];
  thoughts: Thoughts;
  identity?: Identity | undefined;
  /** It repeats a request of the same Idempotency-Key: the job is there already. `joined`: and still runs. */
  again?: 'joined' | 'ended';
};

/** How an answer came out, thoughts included: the first chain's, and the winning one where that is another. */
export type Settled = { response: Response; thoughts: readonly string[] };

/** The one engine behind the other APIs: a translation is accepted, queued and followed as any response is. */
export type TranslatedRuns = {
  /**
   * Everything that can be refused is refused here, by the caller's names. Queues nothing. `streams`: somebody reads the
   * thoughts while they are thought.
   */
  accept(c: ApiContext, translation: Translation, thoughts: Thoughts, streams?: boolean | null): Promise<Run>;
  start(c: ApiContext, runs: readonly Run[]): Promise<void>;
  /** Holds until the response ends; a client that disconnects stops it. @throws ServiceError for a failed one */
  settle(c: ApiContext, run: Run): Promise<Settled>;
  /** As `settle`, for all answers of a request: as soon as one has failed, the others are stopped. */
  settleAll(c: ApiContext, runs: readonly Run[]): Promise<Settled[]>;
  /** To stream the answers of `runs` to the client. */
  reader(c: ApiContext, runs: readonly Run[]): RunsReader;
};

type RunsReader = {
  /** A response that fails ends the pieces of the others, and stops them: without it there is no answer. */
  pieces(run: Run): AsyncIterable<AnswerPiece>;
  /** Aborted when the client has disconnected. */
  signal: AbortSignal;
  /** To be called when the client has disconnected: ends the pieces, and cancels the responses if the service is set so. */
  onCancel(): void;
};

type Parts = ApiDependencies & { admission: Admission };

export function createTranslatedRuns(dependencies: ApiDependencies): TranslatedRuns {
  const parts: Parts = { ...dependencies, admission: createAdmission(dependencies) };
  /** Several answers of one request have an identity each. A batch has many, and nothing is kept of those that are new. */
  const accepted = new WeakMap<ApiContext, { count: number; joined: Run[] }>();
  return {
    async accept(c, translation, thoughts, streams) {
      const before = accepted.get(c) ?? { count: 0, joined: [] };
      accepted.set(c, before);
      const index = before.count++;
      try {
        const run = await acceptRun(c, translation, { thoughts, streams: streams === true, index }, parts);
        if (isJoined(run)) before.joined.push(run);
        return run;
      } catch (error) {
        leaveRuns(before.joined.splice(0), parts);
        throw callersFault(error, translation.origins);
      }
    },
    start: (c, runs) => startRuns(c, runs, parts),
    settle: (c, run) => whileRead(c, [run], parts, (settle) => settle(run)),
    settleAll: (c, runs) => whileRead(c, runs, parts, (settle) => Promise.all(runs.map(settle))),
    reader: (c, runs) => readRuns(c, runs, parts),
  };
}

async function acceptRun(
  c: ApiContext,
  translation: Translation,
  { thoughts, streams, index }: { thoughts: Thoughts; streams: boolean; index: number },
  dependencies: Parts,
): Promise<Run> {
  const { sealer } = dependencies;
  const caller = c.get('caller');
  const body = asking(translation.body, thoughts, streams);
  const kind = `${c.req.path} ${index}`;
  const named = requestIdentity(c.req.header('idempotency-key'), body, { caller, sealer, kind });
  const { identity, before } = named === undefined ? {} : await acceptedBefore(named, dependencies);
  await countRequest(c, { isRepeated: before !== undefined });
  const runOf = (job: Job) => ({
    job,
    warnings: callersWarnings(translation, responseJob(job).warnings),
    thoughts,
    identity,
  });
  if (before) return { ...runOf(before.job), again: againOf(before) };
  const { defaultEffort, raw } = translation;
  const options = { identity, signal: c.req.raw.signal, defaultEffort, raw };
  const { job } = await acceptResponse(body, caller, dependencies, options);
  return runOf(job);
}

/** All or none: if one is refused, those before it are removed. */
async function startRuns(c: ApiContext, runs: readonly Run[], dependencies: Parts): Promise<void> {
  const { admission, log } = dependencies;
  const added: Run[] = [];
  for (const run of runs) {
    const { job, again } = run;
    if (again) continue;
    try {
      const { created } = await admission.add(c, job);
      if (created) added.push(run);
      else run.again = againOf(await addedByAnother(run, dependencies));
    } catch (error) {
      await removeRuns(c, added, dependencies);
      leaveRuns(runs.filter(isJoined), dependencies);
      throw error;
    }
    const { path } = c.req;
    log.info({ request_id: c.get('requestId'), response_id: job.id, model: job.model, path }, 'response accepted');
  }
}

/**
 * Another request with the same key was faster: its job answers both.
 * @throws ServiceError `conflict` if its body was another one, or if its client was lost already: then the request may be repeated
 */
async function addedByAnother({ job, identity }: Run, dependencies: Parts): Promise<Before> {
  const { before = undefined } = identity === undefined ? {} : await acceptedBefore(identity, dependencies);
  if (before) return before;
  throw new ServiceError({
    code: 'conflict',
    message: `The response '${job.id}' of an earlier request with this Idempotency-Key is being cancelled. Repeat the request.`,
    param: 'Idempotency-Key',
    retryable: true,
    retryAfterSeconds: 1,
  });
}

function againOf({ joined }: Before): 'joined' | 'ended' {
  return joined ? 'joined' : 'ended';
}

function isJoined({ again }: Run): boolean {
  return again === 'joined';
}

/** Of a refused request. Only cancelled, they would answer the next request with the same Idempotency-Key. */
async function removeRuns(c: ApiContext, runs: readonly Run[], { queue, admission, log }: Parts): Promise<void> {
  for (const { job } of runs) {
    const { id } = job;
    try {
      await queue.remove(id);
      await admission.release(c, id);
      log.info({ response_id: id }, 'a sibling was refused, response removed');
    } catch (error) {
      log.error({ err: error, response_id: id }, 'response of a refused request not removed');
    }
  }
}

/** `work` settles `runs`, and is the client's only reason to wait. */
async function whileRead<T>(
  c: ApiContext,
  runs: readonly Run[],
  dependencies: Parts,
  work: (settle: (run: Run) => Promise<Settled>) => Promise<T>,
): Promise<T> {
  const { pieces, onCancel } = readRuns(c, runs, dependencies);
  const { signal } = c.req.raw;
  signal.addEventListener('abort', onCancel);
  try {
    return await work((run) => settleRun(c, run, { pieces, queue: dependencies.queue }));
  } finally {
    signal.removeEventListener('abort', onCancel);
  }
}

async function settleRun(
  c: ApiContext,
  run: Run,
  { pieces, queue }: Pick<RunsReader, 'pieces'> & Pick<Parts, 'queue'>,
): Promise<Settled> {
  const thoughts: string[] = [];
  for await (const piece of pieces(run)) {
    if (piece.type === 'thought') thoughts[piece.thought] = (thoughts[piece.thought] ?? '') + piece.text;
    if (piece.type === 'end') return { response: notFailed(piece.response), thoughts };
  }
  const caller = c.get('caller');
  return { response: responseView(await findResponse(queue, run.job.id, caller), caller.scopes), thoughts };
}

function readRuns(c: ApiContext, runs: readonly Run[], dependencies: Parts): RunsReader {
  const { queue } = dependencies;
  const gone = new AbortController();
  const failed = new AbortController();
  const reading = AbortSignal.any([gone.signal, failed.signal]);
  /** What has not ended. */
  const open = new Set(runs);
  const leave = (options?: { because: string; always: true }) => {
    leaveRuns([...open], dependencies, options);
    open.clear();
  };
  const onCancel = () => {
    if (gone.signal.aborted) return;
    gone.abort();
    leave();
  };
  // A client may be gone before its stream is first read: then no reader cancels it.
  if (c.req.raw.signal.aborted) onCancel();
  return {
    async *pieces(run) {
      for await (const piece of answerPieces(queue, run.job, { thoughts: run.thoughts, signal: reading })) {
        if (piece.type === 'end') {
          open.delete(run);
          if (piece.response.status === 'failed') {
            leave({ because: 'a sibling failed', always: true });
            failed.abort();
          }
        }
        yield piece;
      }
    },
    signal: gone.signal,
    onCancel,
  };
}

/** The client has gone, or is refused. `always`: also where responses run on without their client. */
function leaveRuns(
  runs: readonly Run[],
  dependencies: Parts,
  { because, always = false }: { because?: string; always?: boolean } = {},
): void {
  if (!always && !dependencies.cancelOnDisconnect) return;
  for (const { job, again } of runs) if (again !== 'ended') leaveResponse(job, dependencies, because);
}

/** @throws ServiceError with the reason of a failed response */
export function notFailed(response: Response): Response {
  if (response.status !== 'failed') return response;
  const { code, message } = response.error ?? { code: 'server_error' as const, message: 'The response failed.' };
  throw new ServiceError({ code: code === 'invalid_prompt' ? 'invalid_value' : code, message });
}

/** The log of a response holds its thoughts only where its request asked for them, and those of the first chain where it streams. */
function asking(
  body: Readonly<Record<string, unknown>>,
  thoughts: Thoughts,
  streams: boolean,
): Record<string, unknown> {
  const { include, reasoning } = body;
  switch (thoughts) {
    case 'full':
      return {
        ...body,
        include: [...(Array.isArray(include) ? include : []), 'reasoning.text'],
        ...(streams ? { stream: true } : {}),
      };
    case 'summary':
      return { ...body, reasoning: { summary: 'auto', ...(isObject(reasoning) ? reasoning : {}) } };
    case 'none':
      return body;
    default:
      return thoughts satisfies never;
  }
}
