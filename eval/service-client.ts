import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { AnswerVerdict } from '../src/contracts/responses/answer-verdict.ts';
import { TraceStep } from '../src/contracts/responses/trace.ts';
import { ResponseUsage } from '../src/contracts/responses/usage.ts';

/** The parts of a response that are measured. */
const Answered = z.object({
  id: z.string(),
  status: z.string(),
  model: z.string(),
  output_text: z.string(),
  answer_source: z.string().nullable(),
  thinking_stop: z.string().nullable(),
  /** Absent in a service of an earlier version. */
  verdict: AnswerVerdict.nullable().default(null),
  usage: ResponseUsage.nullable(),
  warnings: z.array(z.object({ field: z.string(), message: z.string() })),
});
export type Answered = z.infer<typeof Answered>;

const Trace = z.object({ steps: z.array(TraceStep) });
const Models = z.object({ data: z.array(z.looseObject({ id: z.string() })).min(1) });

/** A client of the HTTP service with the calls that the evaluation needs. */
export type ServiceClient = {
  /** Waits for the complete answer. */
  respond(request: Record<string, unknown>): Promise<Answered>;
  trace(responseId: string): Promise<TraceStep[]>;
  /** The model's card with its effort table; without a name, the default model's. */
  model(id?: string): Promise<{ id: string; [field: string]: unknown }>;
};

/** A response may wait behind others and then think for a long time: ms. */
const requestLimit = 15 * 60_000;
const attempts = 6;

export function createServiceClient(options: { url: string; key?: string }): ServiceClient {
  const headers = {
    'content-type': 'application/json',
    ...(options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }),
  };
  const call = async (path: string, body?: unknown): Promise<unknown> => {
    for (let attempt = 1; ; attempt += 1) {
      const reply = await fetch(new URL(path, options.url), {
        headers,
        signal: AbortSignal.timeout(requestLimit),
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      });
      if (reply.ok) return reply.json();
      const text = await reply.text();
      const mayPass = reply.status === 429 || reply.status === 503;
      if (!mayPass || attempt === attempts) throw new Error(`${path} gave ${reply.status}: ${text.slice(0, 500)}`);
      await delay(Math.min(Number(reply.headers.get('retry-after') ?? 1), 30) * 1_000);
    }
  };
  return {
    respond: async (request) => Answered.parse(await call('/v1/responses', request)),
    trace: async (id) => Trace.parse(await call(`/v1/responses/${id}/trace`)).steps,
    async model(id) {
      const { data } = Models.parse(await call('/v1/models'));
      const model = id === undefined ? data[0] : data.find((each) => each.id === id);
      if (model === undefined) throw new Error(`no model ${id}: ${data.map((each) => each.id).join(', ')}`);
      return model;
    },
  };
}
