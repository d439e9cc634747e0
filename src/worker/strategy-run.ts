import { createHash } from 'node:crypto';
import { chosenChecks } from '../checks/chosen-checks.ts';
import type { LogLine } from '../contracts/responses/job.ts';
import { responseJob } from '../contracts/responses/response-job.ts';
import { ServiceError } from '../contracts/service/service-error.ts';
import type { JobLease } from '../core/job-queue.ts';
import { computes } from '../reasoning/deliberation.ts';
import { decidingFirst } from '../reasoning/strategies/auto.ts';
import type { Strategy, StrategyContext } from '../reasoning/strategy.ts';
import { withCacheScope } from './cache-scope.ts';
import type { WorkerDependencies } from './dependencies.ts';
import { interruptedCalls, type ResponseTools } from './server-tools.ts';
import { finishedSteps } from './trace-writer.ts';
import type { WireWriter } from './wire-writer.ts';

/**
 * What a leased job is run with.
 * @throws ServiceError `model_not_found`, or `invalid_value` for a strategy that this worker doesn't have
 */
export function strategyRun(options: {
  lease: JobLease;
  dependencies: WorkerDependencies;
  log: readonly LogLine[];
  wire: WireWriter;
  /** Those that the service runs itself; undefined: none. */
  tools: ResponseTools | undefined;
}): { strategy: Strategy; context: StrategyContext } {
  const { lease, dependencies, log, wire, tools } = options;
  const body = responseJob(lease.job);
  const { id, owner } = lease.job;
  const model = dependencies.models.get(lease.job.model);
  if (model === undefined) {
    throw new ServiceError({ code: 'model_not_found', message: `No worker has the model ${lease.job.model}.` });
  }
  const named = dependencies.strategies.get(body.effective.strategy);
  if (named === undefined) {
    throw new ServiceError({ code: 'invalid_value', message: `There is no strategy ${body.effective.strategy}.` });
  }
  const isSingle = tools?.single === true;
  const strategy = body.effective.effort === 'auto' && !isSingle ? decidingFirst(named) : named;
  const prompt = tools?.prompt ?? body.prompt;
  const table = dependencies.effortTable(lease.job.model);
  const { temperature, top_p, top_k, min_p, presence_penalty, frequency_penalty, logit_bias, seed } = body.sampling;
  const shown = wire.shownText();
  const calls = body.tool_calls;
  // A forced call is an answer constrained to the format of a call: always well-formed, and voted on like any answer.
  const forced = calls?.choice === 'required' && calls.constraint !== undefined;
  const constraint = forced ? calls.constraint : body.answer.constraint;
  const scoped =
    dependencies.cacheOwner === undefined
      ? model
      : withCacheScope(model, {
          prompt,
          keyed: body.keyed === true || owner !== null,
          owner: dependencies.cacheOwner(owner),
          response: id,
        });
  const context: StrategyContext = {
    model: tools?.model(scoped) ?? scoped,
    prompt,
    effective: isSingle ? { ...body.effective, samples: 1, max_revisions: 0 } : body.effective,
    table,
    options: body.request.reasoning?.options ?? {},
    checks: chosenChecks(
      { table, effort: body.effective.effort, computes: computes({ effective: body.effective, model }) },
      { named: body.checks ?? [], only: body.request.reasoning?.checks_only === true },
    ),
    ...(body.request.max_output_tokens == null ? {} : { maxOutputTokens: body.request.max_output_tokens }),
    answer: {
      maxTokens: body.answer.max_tokens,
      reserve: Math.min(body.effective.answer_reserve_tokens, body.answer.max_tokens),
      ...(body.answer.stop.length === 0 ? {} : { stop: body.answer.stop }),
      ...(constraint === undefined ? {} : { constraint }),
      ...(calls?.choice === 'none' || forced ? { toolCalls: 'none' } : {}),
      ...(body.answer.top_logprobs === undefined ? {} : { topLogprobs: body.answer.top_logprobs }),
      ...(shown === '' ? {} : { prefix: [{ text: shown }] }),
    },
    sampling: {
      ...(temperature === null ? {} : { temperature }),
      ...(top_p === undefined ? {} : { topP: top_p }),
      ...(top_k === undefined ? {} : { topK: top_k }),
      ...(min_p === undefined ? {} : { minP: min_p }),
      ...(presence_penalty === undefined ? {} : { presencePenalty: presence_penalty }),
      ...(frequency_penalty === undefined ? {} : { frequencyPenalty: frequency_penalty }),
      ...(logit_bias === undefined ? {} : { logitBias: logit_bias }),
      // From the id where none is given, so that another attempt of the same response draws the same.
      seed: seed ?? seedOf(id),
    },
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

/** 32 bits of the id's hash. */
function seedOf(id: string): number {
  return createHash('sha256').update(id).digest().readUInt32BE(0);
}
