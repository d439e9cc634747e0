import { createHash } from 'node:crypto';
import { chosenChecks } from '../checks/chosen-checks.ts';
import type { LogLine } from '../contracts/responses/job.ts';
import type { Prompt } from '../contracts/responses/prompt.ts';
import { type ResponseJob, responseJob } from '../contracts/responses/response-job.ts';
import { ServiceError } from '../contracts/service/service-error.ts';
import type { JobLease } from '../core/job-queue.ts';
import type { LanguageModel } from '../core/language-model.ts';
import { computes } from '../reasoning/run-state.ts';
import { decidingFirst } from '../reasoning/strategies/auto.ts';
import type { Strategy, StrategyContext } from '../reasoning/strategy.ts';
import { withCacheScope } from './cache-scope.ts';
import type { WorkerDependencies } from './dependencies.ts';
import { interruptedCalls, type ResponseTools } from './server-tools.ts';
import { finishedSteps } from './trace-writer.ts';
import type { WireWriter } from './wire-writer.ts';

/**
 * The strategy for a leased job, and its context.
 * @throws ServiceError `model_not_found`, or `invalid_value` for a strategy that this worker does not have
 */
export function strategyRun(options: {
  lease: JobLease;
  dependencies: WorkerDependencies;
  log: readonly LogLine[];
  wire: WireWriter;
  /** The tools that the service runs itself; undefined: none. */
  tools: ResponseTools | undefined;
}): { strategy: Strategy; context: StrategyContext } {
  const { lease, dependencies, log, wire, tools } = options;
  const body = responseJob(lease.job);
  const model = modelOf(lease, dependencies);
  const named = dependencies.strategies.get(body.effective.strategy);
  if (named === undefined) {
    throw new ServiceError({ code: 'invalid_value', message: `There is no strategy ${body.effective.strategy}.` });
  }
  const isSingle = tools?.single === true;
  const strategy = body.effective.effort === 'auto' && !isSingle ? decidingFirst(named) : named;
  const prompt = tools?.prompt ?? body.prompt;
  const table = dependencies.effortTable(lease.job.model);
  const scoped = withOwnCache(model, prompt, { lease, dependencies });
  const context: StrategyContext = {
    model: tools?.model(scoped) ?? scoped,
    prompt,
    effective: tools?.effective ?? body.effective,
    table,
    options: body.request.reasoning?.options ?? {},
    checks: chosenChecks(
      { table, effort: body.effective.effort, computes: computes({ effective: body.effective, model }) },
      { named: body.checks ?? [], only: body.request.reasoning?.checks_only === true },
    ),
    ...(body.request.max_output_tokens == null ? {} : { maxOutputTokens: body.request.max_output_tokens }),
    answer: answerOptions(body, wire.shownText()),
    sampling: samplingOptions(body, lease.job.id),
    deterministic: body.deterministic,
    ...(body.deadline_at === null ? {} : { deadlineAt: body.deadline_at }),
    signal: lease.signal,
    answerNow: lease.answerNow,
    now: dependencies.now,
    finishedSteps: finishedSteps(log),
    interruptedCalls: interruptedCalls(log),
  };
  return { strategy, context };
}

function modelOf({ job }: JobLease, { models }: WorkerDependencies): LanguageModel {
  const model = models.get(job.model);
  if (model !== undefined) return model;
  throw new ServiceError({ code: 'model_not_found', message: `No worker has the model ${job.model}.` });
}

/** The model with the caches that this response may share. */
function withOwnCache(
  model: LanguageModel,
  prompt: Prompt,
  { lease, dependencies }: { lease: JobLease; dependencies: WorkerDependencies },
): LanguageModel {
  const { id, owner } = lease.job;
  if (dependencies.cacheOwner === undefined) return model;
  const keyed = responseJob(lease.job).keyed === true || owner !== null;
  return withCacheScope(model, { prompt, keyed, owner: dependencies.cacheOwner(owner), response: id });
}

/** `shown`: the part of the answer that an earlier attempt has shown; it is continued. */
function answerOptions(body: ResponseJob, shown: string): StrategyContext['answer'] {
  const calls = body.tool_calls;
  // A forced call is an answer constrained to the format of a call: always well-formed, and voted on like any answer.
  const forced = calls?.choice === 'required' && calls.constraint !== undefined;
  const constraint = forced ? calls.constraint : body.answer.constraint;
  return {
    maxTokens: body.answer.max_tokens,
    reserve: Math.min(body.effective.answer_reserve_tokens, body.answer.max_tokens),
    ...(body.answer.stop.length === 0 ? {} : { stop: body.answer.stop }),
    ...(constraint === undefined ? {} : { constraint }),
    ...(calls?.choice === 'none' || forced ? { toolCalls: 'none' } : {}),
    ...(body.answer.top_logprobs === undefined ? {} : { topLogprobs: body.answer.top_logprobs }),
    ...(shown === '' ? {} : { prefix: [{ text: shown }] }),
  };
}

function samplingOptions({ sampling }: ResponseJob, id: string): StrategyContext['sampling'] {
  const { temperature, top_p, top_k, min_p, presence_penalty, frequency_penalty, logit_bias, seed } = sampling;
  return {
    ...(temperature === null ? {} : { temperature }),
    ...(top_p === undefined ? {} : { topP: top_p }),
    ...(top_k === undefined ? {} : { topK: top_k }),
    ...(min_p === undefined ? {} : { minP: min_p }),
    ...(presence_penalty === undefined ? {} : { presencePenalty: presence_penalty }),
    ...(frequency_penalty === undefined ? {} : { frequencyPenalty: frequency_penalty }),
    ...(logit_bias === undefined ? {} : { logitBias: logit_bias }),
    // Derived from the id if none is given, so that another attempt of the same response samples the same.
    seed: seed ?? seedOf(id),
  };
}

/** 32 bits of the id's hash. */
function seedOf(id: string): number {
  return createHash('sha256').update(id).digest().readUInt32BE(0);
}
