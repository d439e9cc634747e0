import { initialResponse } from '../../contracts/responses/initial-response.ts';
import type { JobSnapshot } from '../../contracts/responses/job.ts';
import type { EffectiveReasoning, Progress } from '../../contracts/responses/reasoning.ts';
import type { Response } from '../../contracts/responses/response.ts';
import { TerminalEvent } from '../../contracts/responses/response-event.ts';
import { responseJob } from '../../contracts/responses/response-job.ts';
import type { KeyScopes } from '../../contracts/service/key-scopes.ts';
import type { ListedResponse } from '../../contracts/service/listings.ts';
import { type Pace, timeToWait } from '../../contracts/service/pace.ts';
import { responseId } from '../../contracts/service/query.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { JobQueue } from '../../core/job-queue.ts';
import type { Caller } from '../caller.ts';
import { visibleReasoning } from './trace-view.ts';

/** The job of a response that is the caller's. @throws ServiceError `not_found`, for another's as for none */
export async function findResponse(queue: JobQueue, id: string, caller: Caller): Promise<JobSnapshot> {
  const snapshot = responseId.test(id) ? await queue.get(id) : undefined;
  if (!snapshot || snapshot.job.owner !== caller.owner) throw responseNotFound(id);
  return snapshot;
}

export function responseNotFound(id: string): ServiceError {
  return new ServiceError({ code: 'not_found', message: `There is no response '${id.slice(0, 128)}'.`, param: 'id' });
}

/**
 * The response object as the job stands: the committed one, or the first one with status and progress. Thoughts that the
 * creator asked for are left out where the reader may not see them. `pace`: of its model, for the time that is left.
 */
export function responseView(snapshot: JobSnapshot, scopes?: KeyScopes, pace?: Pace): Response {
  if (snapshot.terminal) {
    const { response } = TerminalEvent.parse(snapshot.terminal.data);
    return scopes === undefined ? response : visibleResponse(response, scopes);
  }
  const initial = initialResponse(snapshot.job);
  const { effective } = initial.reasoning;
  return { ...initial, status: snapshot.status, progress: progressOf(snapshot, effective, pace) };
}

/** Characters of a question that a list shows. */
const previewLength = 200;

/** As the lists show it: with the start of what was asked. */
export function listedResponse(snapshot: JobSnapshot, scopes: KeyScopes, pace?: Pace): ListedResponse {
  const asked = responseJob(snapshot.job).prompt.messages.findLast((message) => message.role === 'user');
  return {
    ...responseView(snapshot, scopes, pace),
    input_preview: [...(asked?.content ?? '')].slice(0, previewLength).join(''),
  };
}

/** A response that has ended, with what a key may see of the thoughts that its creator asked for. */
export function visibleResponse(response: Response, { trace }: Pick<KeyScopes, 'trace'>): Response {
  if (trace === 'full') return response;
  const output = response.output.map((item) => (item.type === 'reasoning' ? visibleReasoning(item, trace) : item));
  return { ...response, output };
}

function progressOf(
  { status, progress, queuePosition }: JobSnapshot,
  { effort, budget_tokens: budget }: EffectiveReasoning,
  pace: Pace | undefined,
): Progress {
  const none: Progress = {
    phase: 'queued',
    step: 0,
    steps: null,
    thinking_tokens: 0,
    budget_tokens: budget,
    queue_position: null,
    eta_ms: null,
  };
  // A job that went back to the queue shows its place there, and the thinking that it has behind it.
  if (status === 'queued') {
    const eta_ms = queuePosition === undefined ? null : timeToWait(pace, effort, queuePosition);
    return { ...none, ...progress, phase: 'queued', queue_position: queuePosition ?? null, eta_ms };
  }
  return progress ?? { ...none, phase: budget === 0 ? 'answer' : 'draft' };
}
