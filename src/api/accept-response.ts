import { CreateResponse } from '../contracts/create-response.ts';
import type { Job } from '../contracts/job.ts';
import type { ResponseJob } from '../contracts/response-job.ts';
import { ServiceError } from '../contracts/service-error.ts';
import { buildPrompt } from './build-prompt.ts';
import type { Caller } from './caller.ts';
import type { ApiDependencies } from './dependencies.ts';
import { planReasoning } from './effective-reasoning.ts';
import { formatConstraint } from './format-constraint.ts';
import { resolveModel, resolveReasoning } from './resolve-reasoning.ts';
import { planTools } from './tool-plan.ts';
import { unhonouredFields, wantsLogprobs } from './unhonoured-fields.ts';
import { validationError } from './validation-error.ts';

type AcceptDependencies = Pick<
  ApiDependencies,
  'catalog' | 'checkConstraint' | 'defaults' | 'strategies' | 'now' | 'newId'
>;

/**
 * Makes a job of a request's body: everything that can be refused is refused here, and every default is filled in.
 * @throws ServiceError of status 400 or 404 naming the field
 */
export async function acceptResponse(
  body: Readonly<Record<string, unknown>>,
  caller: Caller,
  dependencies: AcceptDependencies,
): Promise<{ job: Job; request: CreateResponse }> {
  const { catalog, defaults, now, newId, checkConstraint } = dependencies;
  const parsed = CreateResponse.safeParse(body);
  if (!parsed.success) throw validationError(parsed.error, body);
  const request = parsed.data;
  const { card, suffix } = resolveModel(catalog, request.model);
  const choice = resolveReasoning(request, { suffix, defaultEffort: defaults.effort });
  checkStrategyName(request, dependencies);
  const toolPlan = planTools(request, card, checkConstraint);
  const { prompt, warnings } = buildPrompt(request, toolPlan);
  const inputTokens = await catalog.countTokens(card.id, prompt, { thinking: choice.thinks });
  if (inputTokens >= card.context_length) {
    throw new ServiceError({
      code: 'context_length_exceeded',
      message: `The input is ${inputTokens} tokens long; the context of '${card.id}' is ${card.context_length} tokens, answer included.`,
      param: 'input',
    });
  }
  const plan = planReasoning({
    request,
    choice,
    table: catalog.effortTable(card.id),
    contextLeft: card.context_length - inputTokens,
    fastAnswerTokens: defaults.answerTokens,
  });
  const constraint = formatConstraint(request, card, checkConstraint);
  const logprobs = wantsLogprobs(request) && card.capabilities.logprobs;
  const createdAt = now();
  const response: ResponseJob = {
    version: 1,
    request,
    prompt,
    input_tokens: inputTokens,
    effective: plan.effective,
    checks: request.reasoning?.checks ?? null,
    answer: {
      max_tokens: plan.answerTokens,
      stop: typeof request.stop === 'string' ? [request.stop] : (request.stop ?? []),
      ...(constraint === undefined ? {} : { constraint }),
      ...(logprobs ? { top_logprobs: request.top_logprobs ?? 0 } : {}),
    },
    ...(toolPlan.calls === undefined ? {} : { tool_calls: toolPlan.calls }),
    sampling: {
      temperature: request.temperature ?? null,
      ...(isNumber(request.top_p) ? { top_p: request.top_p } : {}),
      ...(isNumber(request.top_k) ? { top_k: request.top_k } : {}),
      ...(isNumber(request.min_p) ? { min_p: request.min_p } : {}),
      ...(isNumber(request.seed) ? { seed: request.seed } : {}),
    },
    deterministic: request.deterministic ?? false,
    deadline_at: plan.effective.deadline_ms === null ? null : createdAt + plan.effective.deadline_ms,
    background: request.background ?? false,
    summary: request.reasoning?.summary ?? request.reasoning?.generate_summary ?? null,
    include: { reasoning_text: false, encrypted_content: false, logprobs },
    scopes: caller.scopes,
    warnings: [
      ...unhonouredFields(body, request, card.capabilities),
      ...toolPlan.warnings,
      ...warnings,
      ...plan.warnings,
    ],
  };
  const job: Job = {
    version: 1,
    id: `resp_${newId()}`,
    model: card.id,
    tier: 'default',
    createdAt,
    owner: caller.owner,
    store: request.store ?? true,
    body: response,
  };
  return { job, request };
}

function checkStrategyName(request: CreateResponse, { strategies }: AcceptDependencies): void {
  const name = request.reasoning?.strategy;
  if (!name || !strategies || strategies.some((strategy) => strategy.name === name)) return;
  const known = strategies.map((strategy) => `'${strategy.name}'`).join(', ');
  throw new ServiceError({
    code: 'invalid_value',
    message: `Invalid 'reasoning.strategy': expected one of ${known}.`,
    param: 'reasoning.strategy',
  });
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number';
}
