import type { Context } from 'hono';
import type { Job } from '../../contracts/responses/job.ts';
import type { Response, Warning } from '../../contracts/responses/response.ts';
import { responseJob } from '../../contracts/responses/response-job.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { acceptedBefore, requestIdentity } from '../middleware/idempotency.ts';
import { isObject } from '../read-request.ts';
import { acceptResponse } from '../responses/accept-response.ts';
import { createAdmission } from '../responses/admission.ts';
import { findResponse, responseView } from '../responses/response-view.ts';
import { type AnswerPiece, answerPieces, type Thoughts } from './answer-pieces.ts';
import { callersFault, callersWarnings, type Translation } from './translation.ts';

type ApiContext = Context<ApiEnvironment>;

/** A translated request's job, with its warnings by the caller's names. */
export type Run = {
  job: Job;
  warnings: readonly Warning[];
  thoughts: Thoughts;
  /** It repeats a request of the same Idempotency-Key: the job is there already. */
  again?: true;
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
  /** Holds until the response ends; a client that goes away stops it. @throws ServiceError for a failed one */
  settle(c: ApiContext, run: Run): Promise<Settled>;
  pieces(run: Run, options: { signal: AbortSignal }): AsyncIterable<AnswerPiece>;
  /** To be called when the reader of a stream is gone. */
  abandon(runs: readonly Run[]): void;
};

export function createTranslatedRuns(dependencies: ApiDependencies): TranslatedRuns {
  const { queue, log, sealer, cancelOnDisconnect } = dependencies;
  /** Several answers of one request have an identity each. */
  const accepted = new WeakMap<ApiContext, number>();
  const admission = createAdmission(dependencies);

  const cancel = (runs: readonly Run[], why: string) => {
    for (const { job, again } of runs) {
      // One that repeats another never stops it.
      if (again) continue;
      log.info({ response_id: job.id }, `${why}, response cancelled`);
      queue
        .control(job.id, 'cancel')
        .catch((error: unknown) => log.error({ err: error, response_id: job.id }, 'cancel failed'));
    }
  };
  const abandon = (runs: readonly Run[]) => {
    if (cancelOnDisconnect) cancel(runs, 'client gone');
  };

  return {
    async accept(c, translation, thoughts, streams) {
      try {
        const caller = c.get('caller');
        const body = asking(translation.body, thoughts, streams === true);
        const index = accepted.get(c) ?? 0;
        accepted.set(c, index + 1);
        const kind = `${c.req.path} ${index}`;
        const identity = requestIdentity(c.req.header('idempotency-key'), body, { caller, sealer, kind });
        const before = identity && (await acceptedBefore(queue, identity));
        if (before)
          return {
            job: before,
            warnings: callersWarnings(translation, responseJob(before).warnings),
            thoughts,
            again: true,
          };
        const { defaultEffort, raw } = translation;
        const options = { identity, signal: c.req.raw.signal, defaultEffort, raw };
        const { job } = await acceptResponse(body, caller, dependencies, options);
        return { job, warnings: callersWarnings(translation, responseJob(job).warnings), thoughts };
      } catch (error) {
        throw callersFault(error, translation.origins);
      }
    },
    async start(c, runs) {
      for (const [index, { job, again }] of runs.entries()) {
        if (again) continue;
        try {
          await admission.add(c, job);
        } catch (error) {
          cancel(runs.slice(0, index), 'a sibling was refused');
          throw error;
        }
        const path = c.req.path;
        log.info({ request_id: c.get('requestId'), response_id: job.id, model: job.model, path }, 'response accepted');
      }
    },
    async settle(c, run) {
      const { signal } = c.req.raw;
      const thoughts: string[] = [];
      for await (const piece of answerPieces(queue, run.job, { thoughts: run.thoughts, signal })) {
        if (piece.type === 'thought') thoughts[piece.thought] = (thoughts[piece.thought] ?? '') + piece.text;
        if (piece.type === 'end') return { response: notFailed(piece.response), thoughts };
      }
      abandon([run]);
      const caller = c.get('caller');
      return { response: responseView(await findResponse(queue, run.job.id, caller), caller.scopes), thoughts };
    },
    pieces: (run, { signal }) => answerPieces(queue, run.job, { thoughts: run.thoughts, signal }),
    abandon,
  };
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
