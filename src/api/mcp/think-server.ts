import { type CallToolResult, McpServer, type ServerContext } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { AnswerVerdict } from '../../contracts/responses/answer-verdict.ts';
import { Effort, type Progress } from '../../contracts/responses/reasoning.ts';
import { Response, Warning } from '../../contracts/responses/response.ts';
import { thinkingTokens } from '../../contracts/responses/usage.ts';
import { Trace } from '../../contracts/service/listings.ts';
import { responseId } from '../../contracts/service/query.ts';
import { late, orLate } from '../../core/deadlines.ts';
import { CallRefused, type ServiceCalls } from './service-calls.ts';

const ThinkInput = z.object({
  question: z.string().min(1).describe('The whole question, with everything that is needed to answer it.'),
  effort: Effort.optional().describe(
    'How much to think. none answers at once; auto lets the service decide. Left out: the default of the service.',
  ),
  budget: z
    .int()
    .nonnegative()
    .optional()
    .describe('The most tokens to think, in all chains together. Left out: what the effort allows.'),
  schema: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('A JSON Schema. The answer is then JSON that follows it.'),
  model: z.string().optional().describe('The id of a model of the service. Left out: its default model.'),
});
type ThinkInput = z.infer<typeof ThinkInput>;

const ThinkOutput = z.object({
  response_id: z.string().describe('For get_trace.'),
  status: z.enum(['completed', 'incomplete']).describe('incomplete: the answer was cut short.'),
  answer: z.string(),
  verdict: AnswerVerdict.nullable().describe('How far the answer can be trusted; null for one without thinking.'),
  effort: Effort,
  thinking_tokens: z.int().nonnegative(),
  output_tokens: z.int().nonnegative(),
  warnings: z.array(Warning).describe('What of the request was not applied.'),
});

const TraceInput = z.object({
  response_id: z.string().regex(responseId, 'expected the id of a response').describe('response_id of a think call.'),
  from: z.int().nonnegative().optional().describe('Index of the first step; next_step of an earlier call.'),
});

/** The part of a response that the tools use. */
const Asked = Response.pick({
  id: true,
  status: true,
  output_text: true,
  error: true,
  incomplete_details: true,
  reasoning: true,
  usage: true,
  verdict: true,
  progress: true,
  warnings: true,
});
type Asked = z.infer<typeof Asked>;

/** Characters of a trace in one result: clients cut or refuse longer ones. */
const mostTraceCharacters = 100_000;
/** s; one look at a response takes as long, or until it ends. */
const waits = { reporting: 1, silent: 30 };

type ThinkServerOptions = {
  service: ServiceCalls;
  version: string;
  /** A request that its client gave up cancels its response. */
  cancels: boolean;
  /** Gets what the client is not shown. */
  onFault(error: unknown): void;
};

/** An MCP server with the tools `think` and `get_trace` over a service's HTTP API. */
export function createThinkServer(options: ThinkServerOptions): McpServer {
  const server = new McpServer(
    { name: 'thinkfirst', title: 'Thinkfirst', version: options.version },
    { capabilities: { tools: { listChanged: false } } },
  );
  server.registerTool(
    'think',
    {
      title: 'Think about a question',
      description:
        'Answers one question by thinking first: several chains of thought, checks and a vote. Gives the answer with a verdict that says how far it can be trusted. For calculations, puzzles, logic, and to verify a result. It knows nothing of this conversation.',
      inputSchema: ThinkInput,
      outputSchema: ThinkOutput,
      annotations: { readOnlyHint: true, destructiveHint: false, openWorldHint: false },
    },
    (input, context) => explained(() => think(input, context, options), options),
  );
  server.registerTool(
    'get_trace',
    {
      title: 'Show how an answer came about',
      description:
        'The steps of a response that think gave: thoughts, checks, votes and revisions, as JSON. What is shown depends on the scope of the key.',
      inputSchema: TraceInput,
      annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    },
    (input) => explained(() => getTrace(input, options), options),
  );
  return server;
}

async function think(
  input: ThinkInput,
  { mcpReq }: ServerContext,
  { service, cancels }: ThinkServerOptions,
): Promise<CallToolResult> {
  const { signal } = mcpReq;
  const report = progressReporter(mcpReq);
  // The first report comes at once, so that even a quick answer has one.
  let wait = report === undefined ? waits.silent : 0;
  const creation = { body: requestOf(input), callId: mcpReq.id };
  const { id } = await service.call(Asked.pick({ id: true }), '/v1/responses', creation);
  const path = `/v1/responses/${id}`;
  for (;;) {
    if (signal.aborted) {
      if (cancels) await service.call(z.unknown(), `${path}/cancel`, { method: 'POST' });
      return fault('The request was cancelled.');
    }
    const response = await orLate(service.call(Asked, `${path}?wait=${wait}`), { signal });
    if (response === late) continue;
    if (response.progress === null) return resultOf(response);
    await report?.(response.progress);
    if (report !== undefined) wait = waits.reporting;
  }
}

async function getTrace(
  { response_id: id, from = 0 }: z.infer<typeof TraceInput>,
  { service }: ThinkServerOptions,
): Promise<CallToolResult> {
  const { response_id, steps } = await service.call(Trace, `/v1/responses/${id}/trace`);
  return textResult(JSON.stringify({ response_id, ...pageOfSteps(steps, from) }));
}

/** A tool's failure as a result that its client can read. */
async function explained(
  work: () => Promise<CallToolResult>,
  { onFault }: ThinkServerOptions,
): Promise<CallToolResult> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CallRefused) return fault(error.message);
    onFault(error);
    return fault('An internal error occurred.');
  }
}

function requestOf({ question, effort, budget, schema, model }: ThinkInput): Record<string, unknown> {
  return {
    input: question,
    // A client that goes away is told apart from one that cancels, so the response doesn't depend on a connection.
    background: true,
    ...(model !== undefined && { model }),
    ...((effort !== undefined || budget !== undefined) && {
      reasoning: { ...(effort !== undefined && { effort }), ...(budget !== undefined && { budget_tokens: budget }) },
    }),
    ...(schema !== undefined && { text: { format: { type: 'json_schema', name: 'answer', schema, strict: true } } }),
  };
}

/** Undefined where the client did not ask for progress. */
function progressReporter(request: ServerContext['mcpReq']): ((progress: Progress) => Promise<void>) | undefined {
  const progressToken = request._meta?.progressToken;
  if (progressToken === undefined) return undefined;
  let last = -1;
  return async (progress) => {
    // The protocol wants a number that grows with each notification; a phase without new tokens counts as one.
    last = Math.max(progress.thinking_tokens, last + 1);
    const total = progress.budget_tokens >= last && progress.budget_tokens > 0 ? progress.budget_tokens : undefined;
    const params = {
      progressToken,
      progress: last,
      ...(total !== undefined && { total }),
      message: phaseText(progress),
    };
    await request.notify({ method: 'notifications/progress', params });
  };
}

function phaseText({ phase, step, steps, thinking_tokens, budget_tokens, queue_position }: Progress): string {
  if (phase === 'queued') return queue_position === null ? 'queued' : `queued, ${queue_position} before it`;
  const place = steps === null || steps === 0 ? '' : ` (step ${step} of ${steps})`;
  const tokens = budget_tokens === 0 ? '' : `: ${thinking_tokens} of ${budget_tokens} tokens`;
  return `${phase}${place}${tokens}`;
}

function resultOf(response: Asked): CallToolResult {
  const { id, status, output_text: answer, verdict, reasoning, usage, warnings, error } = response;
  if (status !== 'completed' && status !== 'incomplete') {
    return fault(status === 'cancelled' ? 'The response was cancelled.' : (error?.message ?? 'The response failed.'));
  }
  const structured: z.input<typeof ThinkOutput> = {
    response_id: id,
    status,
    answer,
    verdict,
    effort: reasoning.effective.effort,
    thinking_tokens: usage === null ? 0 : thinkingTokens(usage.phases),
    output_tokens: usage?.output_tokens ?? 0,
    warnings,
  };
  const cut =
    status === 'incomplete' ? [`Cut short: ${response.incomplete_details?.reason ?? 'no reason given'}.`] : [];
  const about = [...cut, ...(verdict === null ? [] : [verdictText(verdict)]), `Response: ${id}`].join(' ');
  return {
    content: [
      { type: 'text', text: answer },
      { type: 'text', text: about },
    ],
    structuredContent: structured,
  };
}

function verdictText({ kind, because, probability }: AnswerVerdict): string {
  const likely = probability === null ? '' : ` Probability that it is right: ${probability.toFixed(2)}.`;
  return `Verdict: ${kind}. ${because}${likely}`;
}

/** As many whole steps as fit, one at least. */
function pageOfSteps(steps: Trace['steps'], from: number): { steps: Trace['steps']; next_step: number | null } {
  const shown: Trace['steps'] = [];
  let room = mostTraceCharacters;
  for (const step of steps) {
    if (step.index < from) continue;
    room -= JSON.stringify(step).length;
    if (room < 0 && shown.length > 0) return { steps: shown, next_step: step.index };
    shown.push(step);
  }
  return { steps: shown, next_step: null };
}

function textResult(text: string): CallToolResult {
  return { content: [{ type: 'text', text }] };
}

function fault(text: string): CallToolResult {
  return { ...textResult(text), isError: true };
}
