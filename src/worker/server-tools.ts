import type { LogLine } from '../contracts/responses/job.ts';
import type { McpApprovalRequest } from '../contracts/responses/output-item.ts';
import type { FunctionTool, Prompt } from '../contracts/responses/prompt.ts';
import type { EffectiveReasoning } from '../contracts/responses/reasoning.ts';
import type { Warning } from '../contracts/responses/response.ts';
import type { ResponseJob } from '../contracts/responses/response-job.ts';
import { type ServerToolParam, ToolSecrets } from '../contracts/responses/tool-param.ts';
import { TraceEvent, type TraceStep } from '../contracts/responses/trace.ts';
import { ServiceError } from '../contracts/service/service-error.ts';
import type { JobLease } from '../core/job-queue.ts';
import type { LanguageModel, ServerCall, ToolEvent } from '../core/language-model.ts';
import { createCallSteps } from '../reasoning/sampling/call-steps.ts';
import type { StrategyEvent, StrategyOutcome } from '../reasoning/strategy.ts';
import { createTraceRecorder } from '../reasoning/trace-recorder.ts';
import { checkTogether, createCaller, interruptedCall, joinTools, type ServerTools } from '../tools/call-tools.ts';
import type { OpenTool } from '../tools/server-tool.ts';
import { withResults } from '../tools/turns.ts';
import { withTools } from '../tools/with-tools.ts';
import type { WorkerDependencies } from './dependencies.ts';
import { callItems, listItems, type ServerItem, winningCalls } from './server-items.ts';
import { finishedSteps } from './trace-writer.ts';

/** The tools of one response that the service runs itself, in one attempt. */
export type ResponseTools = {
  /** The prompt with the tools in it, and the results of calls that the request approved. */
  prompt: Prompt;
  /** One call may change something outside: then there is one chain, so that no call is made for nothing. */
  single: boolean;
  /** What the request's reasoning comes to with these tools. */
  effective: EffectiveReasoning;
  warnings: StrategyOutcome['warnings'];
  model(model: LanguageModel): LanguageModel;
  /** Items that come before anything else: lists of tools, and calls that the request approved. */
  first(steps: readonly TraceStep[]): ServerItem[];
  /** The calls of the chain that the answer came of. */
  winning(steps: readonly TraceStep[]): ServerItem[];
  /** The item that asks for approval; undefined where the call is no such one. */
  approval(call: { name: string; arguments: string }): McpApprovalRequest | undefined;
  close(): Promise<void>;
};

/** Of a request that doesn't say. */
const usualMostCalls = 16;

/**
 * Opens the tools of a response and makes the calls that its request approved; each is logged before it is made. Undefined
 * where it has none.
 * @throws ServiceError where one can't be opened
 */
export async function openResponseTools(options: {
  lease: JobLease;
  body: ResponseJob;
  dependencies: WorkerDependencies;
  log: readonly LogLine[];
  /** Resolves when it is in the log. */
  record(event: Extract<StrategyEvent, { type: 'step-added' | 'step-done' }>): Promise<void>;
}): Promise<ResponseTools | undefined> {
  const { lease, body, dependencies, log, record } = options;
  const given = body.server_tools ?? [];
  if (given.length === 0) return undefined;
  const onFault = (err: unknown) => dependencies.log.error({ response: lease.job.id, err }, 'a call of a tool failed');
  const entries = await openAll(given, { lease, dependencies });
  const tools = joinTools(entries, { observe: dependencies.observeTool, onFault });
  try {
    checkTogether(tools.functions, body.prompt.tools ?? []);
    const warnings = given.flatMap(({ tool }, index) =>
      entries[index]?.functions.length === 0 ? emptyTool(tool) : [],
    );
    const results = await approvedCalls({ lease, body, dependencies, log, record }, tools);
    return responseTools(tools, { lease, body, results, warnings });
  } catch (error) {
    await tools.close();
    throw error;
  }
}

type GivenTools = NonNullable<ResponseJob['server_tools']>;

/** Opens all at the same time, so that servers which don't answer hold up the worker for one timeout at most. */
async function openAll(
  given: GivenTools,
  { lease, dependencies }: { lease: JobLease; dependencies: WorkerDependencies },
): Promise<OpenTool[]> {
  const stop = new AbortController();
  const signal = AbortSignal.any([lease.signal, stop.signal]);
  const opening = given.map((one) => openTool(one, { owner: lease.job.owner, dependencies, signal }));
  try {
    return await Promise.all(opening);
  } catch (error) {
    stop.abort(error);
    const ended = await Promise.allSettled(opening);
    await Promise.all(ended.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)));
    throw error;
  }
}

async function openTool(
  { tool, sealed }: GivenTools[number],
  { owner, dependencies, signal }: { owner: string | null; dependencies: WorkerDependencies; signal: AbortSignal },
): Promise<OpenTool> {
  const secrets = sealed === undefined ? {} : unsealed(sealed, owner, dependencies);
  const opened = await dependencies.openTool?.({ ...tool, ...secrets }, { signal });
  if (opened !== undefined) return opened;
  const message = `The tool '${tool.type}' can't be run: the worker that took this response doesn't have it.`;
  throw new ServiceError({ code: 'server_error', message, retryable: false });
}

function emptyTool(tool: ServerToolParam): Warning {
  const name = tool.type === 'mcp' ? `The MCP server '${tool.server_label}'` : `'${tool.type}'`;
  return { field: 'tools', message: `${name} has no tool that the request allows, so none of it was offered.` };
}

function unsealed(sealed: string, owner: string | null, { unseal }: WorkerDependencies): ToolSecrets {
  const text = unseal?.(sealed, owner);
  if (text !== undefined) return ToolSecrets.parse(JSON.parse(text));
  const message = "The headers of a tool can't be read: the worker's THINKFIRST_SECRET is another than the API's.";
  throw new ServiceError({ code: 'server_error', message, retryable: false });
}

function responseTools(
  tools: ServerTools,
  {
    lease,
    body,
    results,
    warnings,
  }: {
    lease: JobLease;
    body: ResponseJob;
    results: ReadonlyMap<string, string>;
    warnings: readonly Warning[];
  },
): ResponseTools {
  const suffix = lease.job.id.replace(/^resp_/, '');
  const single = tools.functions.some(({ pure, needsApproval }) => !pure && !needsApproval);
  const asked = withResults(body.prompt, results);
  const items = (step: TraceStep) => callItems(step, { tools, suffix, outputs: body.include.tool_outputs });
  const { samples, max_revisions, effort } = body.effective;
  const cuts = single && (samples > 1 || max_revisions > 0 || effort === 'auto');
  const oneChain = 'A tool of this request may change something outside, so there was one chain: no vote, no revision.';
  let approvals = 0;
  return {
    prompt: { ...asked, tools: [...(asked.tools ?? []), ...tools.functions.map(offered)] },
    single,
    effective: single ? { ...body.effective, samples: 1, max_revisions: 0 } : body.effective,
    warnings: cuts ? [...warnings, { field: 'tools', message: oneChain }] : warnings,
    model: (model) =>
      withTools(model, {
        tools,
        mostCalls: body.request.max_tool_calls ?? usualMostCalls,
        newId: () => `call_${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`,
        // A draft's or a probe's calls would be made for nothing.
        onlyThinking: single && body.effective.budget_tokens !== 0,
      }),
    first: (steps) => [
      ...listItems(tools, suffix),
      ...steps.filter(({ call }) => call?.of === 'request').flatMap(items),
    ],
    winning: (steps) => winningCalls(steps).flatMap(items),
    approval({ name, arguments: args }) {
      const shown = tools.find(name);
      if (shown?.needsApproval !== true || shown.shown.type !== 'mcp') return undefined;
      approvals += 1;
      const { server_label, name: own } = shown.shown;
      return {
        type: 'mcp_approval_request',
        id: `mcpr_${suffix}_${approvals - 1}`,
        server_label,
        name: own,
        arguments: args,
      };
    },
    close: () => tools.close(),
  };
}

/** A function of a tool, as the prompt offers it to the model. */
function offered({ name, description, parameters, strict }: ServerTools['functions'][number]): FunctionTool {
  return {
    name,
    ...(description === undefined ? {} : { description }),
    ...(parameters === undefined ? {} : { parameters }),
    ...(strict === undefined ? {} : { strict }),
  };
}

/** Calls that the request approved, each made once; one that was interrupted is repeated only if that is safe. */
async function approvedCalls(
  options: Parameters<typeof openResponseTools>[0],
  tools: ServerTools,
): Promise<Map<string, string>> {
  const { lease, body, dependencies, log, record } = options;
  const results = new Map<string, string>();
  if (body.approved_calls === undefined) return results;
  const attempt = { finishedSteps: finishedSteps(log), interruptedCalls: interruptedCalls(log) };
  const trace = createTraceRecorder({ now: dependencies.now, finished: attempt.finishedSteps });
  const steps = createCallSteps(trace, attempt, { of: 'request', sample: null });
  const caller = createCaller(tools, []);
  const usage = { thinkingTokens: 0, forcedTokens: 0, answerTokens: 0 };
  const write = async (event: ToolEvent) => {
    for (const step of steps.take(event, { thinking: 0, forced: 0, answer: 0 })) {
      if (step.type === 'step-added' || step.type === 'step-done') await record(step);
    }
  };
  try {
    for (const approved of body.approved_calls) {
      const earlier = steps.made.find(({ id }) => id === approved.id);
      const call: ServerCall = { ...approved, turn: 0, thought: '', text: '' };
      let { result } = earlier ?? {};
      if (result === undefined) {
        const isCut = earlier !== undefined && !caller.mayRepeat(call);
        if (!isCut) await write({ type: 'tool-start', sample: 0, call, usage });
        const made = isCut ? interruptedCall : await caller.call(call, { signal: lease.signal });
        await write({ type: 'tool-result', sample: 0, call, ...made, usage });
        result = made;
      }
      results.set(approved.id, result.output);
    }
  } finally {
    await caller.close();
  }
  return results;
}

/** Calls whose start is in the log, and whose result is not. */
export function interruptedCalls(log: readonly LogLine[]): TraceStep[] {
  const begun = new Map<string, TraceStep>();
  for (const { stream, data } of log) {
    if (stream !== 'trace') continue;
    const event = TraceEvent.parse(data);
    if (event.type !== 'trace_step.added' && event.type !== 'trace_step.done') continue;
    const { call } = event.step;
    if (call === undefined) continue;
    if (event.type === 'trace_step.added') begun.set(call.id, event.step);
    else begun.delete(call.id);
  }
  return [...begun.values()];
}
