import { type Context, Hono } from 'hono';
import type { JobSnapshot } from '../../contracts/responses/job.ts';
import { responseJob } from '../../contracts/responses/response-job.ts';
import { CreateFeedback, Feedback, FeedbackQuery, FeedbackRecord } from '../../contracts/service/feedback.ts';
import { invalidValue, ServiceError } from '../../contracts/service/service-error.ts';
import type { RecordStore } from '../../core/record-store.ts';
import type { Caller } from '../caller.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { lineStream } from '../event-stream.ts';
import { creationOf } from '../middleware/idempotency.ts';
import { describeRoutes } from '../openapi/describe-routes.ts';
import { feedbackKey, feedbackKeys } from '../protocols/feedback-keys.ts';
import { labelledCompletions, preferencePairs } from '../protocols/feedback-rows.ts';
import { parseQuery, readJson } from '../read-request.ts';
import { findResponse, responseNotFound, responseView } from '../responses/response-view.ts';
import { parseBody } from '../validation-error.ts';

type ApiContext = Context<ApiEnvironment>;

const described = describeRoutes({
  createFeedback: {
    summary:
      'Rates a response: thumbs, a comment, a better response or a corrected text; kept with prompt and answers for tuning',
    scope: 'feedback',
    body: CreateFeedback,
    answer: Feedback,
    errors: [400, 404, 409, 413, 415],
  },
  exportFeedback: {
    summary: 'Exports feedback as JSON lines: as given, or in TRL’s DPO or KTO form',
    scope: 'feedback',
    query: FeedbackQuery,
    answer: Feedback,
    mediaType: 'application/jsonl',
    errors: [400],
  },
});

/** `/v1/responses/{id}/feedback` and `/v1/feedback`: what people thought of answers, and the export for tuning. */
export function createFeedbackRoutes(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();
  routes.post('/responses/:id/feedback', described.createFeedback, (c) => create(c, c.req.param('id'), dependencies));
  routes.get('/feedback', described.exportFeedback, (c) => sendExport(c, dependencies));
  return routes;
}

async function create(c: ApiContext, id: string, dependencies: ApiDependencies) {
  const { queue, records, limits } = dependencies;
  const caller = c.get('caller');
  const given = parseBody(CreateFeedback, await readJson(c.req, limits));
  const rated = await findResponse(queue, id, caller);
  const preferred = await preferredTo(rated, given.preferred_response_id, { queue, caller });
  const { makeId, at } = creationOf(c, dependencies);
  const record: FeedbackRecord = {
    object: 'feedback',
    response_id: rated.job.id,
    model: rated.job.model,
    rating: given.rating ?? null,
    comment: given.comment ?? null,
    preferred_response_id: given.preferred_response_id ?? null,
    corrected_text: given.corrected_text ?? null,
    metadata: given.metadata ?? {},
    owner: caller.owner,
    prompt: responseJob(rated.job).prompt.messages,
    answer: answerOf(rated, caller),
    preferred_answer: preferred === undefined ? null : answerOf(preferred, caller),
    // Sorts by time.
    id: `fb_${at.toString(36).padStart(9, '0')}${makeId()}`,
    created_at: Math.floor(at / 1000),
  };
  await records.set(feedbackKey(record), record);
  // Deleting a response deletes its feedback, so feedback that came during the deletion must not stay.
  for (const { job } of preferred === undefined ? [rated] : [rated, preferred]) {
    if ((await queue.get(job.id)) !== undefined) continue;
    await records.remove(feedbackKey(record));
    throw responseNotFound(job.id);
  }
  return c.json(shown(record) satisfies Feedback, 200);
}

/** @throws ServiceError unless it is another response to the same prompt */
async function preferredTo(
  rated: JobSnapshot,
  id: string | null | undefined,
  { queue, caller }: { queue: ApiDependencies['queue']; caller: Caller },
): Promise<JobSnapshot | undefined> {
  if (!id) return undefined;
  const param = 'preferred_response_id';
  if (id === rated.job.id) throw invalidValue(param, 'must differ from the rated response');
  const preferred = await findResponse(queue, id, caller).catch((error: unknown) => {
    if (!(error instanceof ServiceError) || error.code !== 'not_found') throw error;
    throw new ServiceError({ code: 'not_found', message: error.message, param, cause: error });
  });
  if (promptText(preferred) !== promptText(rated)) {
    throw invalidValue(param, 'expected a response to the same prompt');
  }
  return preferred;
}

function sendExport(c: ApiContext, { records }: ApiDependencies) {
  const caller = c.get('caller');
  const { format = 'jsonl' } = parseQuery(FeedbackQuery, c.req);
  const lines = exported(records, caller, format);
  return c.body(lineStream(lines), 200, { 'content-type': 'application/jsonl; charset=utf-8' });
}

/** Oldest first. A key with scope `admin` exports the feedback of all keys. */
async function* exported(
  records: RecordStore,
  caller: Caller,
  format: 'jsonl' | 'dpo' | 'kto',
): AsyncGenerator<object, void, void> {
  for (const key of await feedbackKeys(records, caller.scopes.admin ? undefined : caller.owner)) {
    const stored = await records.get(key);
    if (stored === undefined) continue;
    const record = FeedbackRecord.parse(stored);
    if (format === 'jsonl') yield shown(record);
    else yield* format === 'dpo' ? preferencePairs(record) : labelledCompletions(record);
  }
}

/** @throws ServiceError `conflict` for a response that still runs */
function answerOf(snapshot: JobSnapshot, caller: Caller): string {
  if (snapshot.terminal === undefined) {
    const message = `The response '${snapshot.job.id}' has not ended yet.`;
    throw new ServiceError({ code: 'conflict', message, retryable: true });
  }
  return responseView(snapshot, caller.scopes).output_text;
}

function promptText({ job }: JobSnapshot): string {
  return JSON.stringify(responseJob(job).prompt.messages);
}

function shown({ owner: _o, prompt: _p, answer: _a, preferred_answer: _pa, ...feedback }: FeedbackRecord): Feedback {
  return feedback;
}
