import { z } from 'zod';
import type { Constraint } from '../../contracts/responses/constraint.ts';
import { CreateResponse } from '../../contracts/responses/create-response.ts';
import type { Job } from '../../contracts/responses/job.ts';
import { isTextOnly, type Prompt } from '../../contracts/responses/prompt.ts';
import type { EffectiveReasoning, Effort } from '../../contracts/responses/reasoning.ts';
import type { Warning } from '../../contracts/responses/response.ts';
import type { ResponseJob } from '../../contracts/responses/response-job.ts';
import type { EffortTable } from '../../contracts/service/effort-table.ts';
import type { ModelCard, ModelCatalog } from '../../contracts/service/model-card.ts';
import { learnedLength } from '../../contracts/service/natural-length.ts';
import { answerShare } from '../../core/token-ledger.ts';
import type { Caller } from '../caller.ts';
import type { ApiDependencies } from '../dependencies.ts';
import type { Identity } from '../middleware/idempotency.ts';
import { parseBody } from '../validation-error.ts';
import {
  checkCount,
  checkRequest,
  checkStrategyOptions,
  checkTemplate,
  checkWarnings,
  checkWebhook,
} from './check-request.ts';
import { planReasoning, type ReasoningPlan } from './effective-reasoning.ts';
import { buildPrompt, locatedItems } from './prompt/build-prompt.ts';
import { formatConstraint, givenTools, planTools } from './prompt/constraints.ts';
import { fitPrompt } from './prompt/fit-prompt.ts';
import { promptFiles } from './prompt/prompt-files.ts';
import { givenServerTools, sealedTools, type ToolRefusal, withoutToolSecrets } from './prompt/server-tools.ts';
import { type Remembered, resolveContext } from './resolve-context.ts';
import { resolveModel, resolveReasoning } from './resolve-reasoning.ts';
import { unhonouredFields, wantsLogprobs } from './unhonoured-fields.ts';

type AcceptDependencies = Pick<
  ApiDependencies,
  | 'catalog'
  | 'checkConstraints'
  | 'defaults'
  | 'strategies'
  | 'toolRefusal'
  | 'now'
  | 'newId'
  | 'pace'
  | 'queue'
  | 'records'
  | 'sealer'
  | 'webhooks'
> & { remembered?: Remembered | undefined };

/**
 * Makes a job of a request's body: everything that can be refused is refused here, and every default is filled in.
 * `identity` replaces the new id where the caller named the request by a key. `signal`: the client is gone. `defaultEffort`:
 * for a request that says nothing of thinking, in place of the service's. `raw`: the prompt is one text, without template.
 * @throws ServiceError of status 400, 403, 404 or 409 naming the field
 */
export async function acceptResponse(
  body: Readonly<Record<string, unknown>>,
  caller: Caller,
  dependencies: AcceptDependencies,
  { identity, ...asked }: { identity?: Identity | undefined } & PromptOptions = {},
): Promise<{ job: Job; request: CreateResponse }> {
  const { now, newId, checkConstraints } = dependencies;
  const prepared = await preparePrompt(body, caller, dependencies, { ...asked, replaces: identity?.replaces });
  const { request, card } = prepared;
  const plan = await planOf(prepared, dependencies);
  const unread = checkStrategyOptions(request, plan.effective.strategy, dependencies);
  const constraint = await formatConstraint(request, card, checkConstraints);
  const createdAt = now();
  const { deadline_ms } = plan.effective;
  const summary = summaryOf(request, caller);
  const response: ResponseJob = {
    version: 1,
    ...storedPrompt(prepared, identity),
    effective: plan.effective,
    checks: request.reasoning?.checks ?? null,
    answer: answerOf(prepared, plan.answerTokens, constraint),
    ...storedTools(prepared, caller, dependencies),
    sampling: samplingOf(request),
    sampling_in_effect: samplingInEffect(request, card, plan.effective, dependencies.catalog),
    deterministic: request.deterministic ?? false,
    deadline_at: deadline_ms === null ? null : createdAt + deadline_ms,
    background: request.background ?? false,
    summary: summary.style,
    include: includeOf(prepared),
    scopes: caller.scopes,
    ...(caller.key === undefined ? {} : { keyed: true as const }),
    warnings: [
      ...prepared.warnings,
      ...unread,
      ...checkWarnings(request, plan.effective.strategy, dependencies),
      ...plan.warnings,
      ...summary.warnings,
    ],
  };
  const job: Job = {
    version: 1,
    id: identity?.id ?? `resp_${newId()}`,
    model: card.id,
    tier: tierOf(request),
    createdAt,
    owner: caller.owner,
    store: request.store ?? true,
    ...((await isAnnounced(request, caller, dependencies)) ? { notify: true } : {}),
    body: response,
  };
  return { job, request };
}

type Prepared = Awaited<ReturnType<typeof preparePrompt>>;

async function planOf(prepared: Prepared, dependencies: AcceptDependencies): Promise<ReasoningPlan> {
  const { request, card, choice, inputTokens } = prepared;
  const table = dependencies.catalog.effortTable(card.id);
  return planReasoning({
    request,
    choice,
    table,
    learnedLength: await lengthOf(card.id, { request, table, dependencies }),
    contextLeft: card.context_length - inputTokens,
    defaultAnswerTokens: dependencies.defaults.answerTokens,
    strategies: dependencies.strategies?.flatMap(({ name, options }) =>
      options instanceof z.ZodType ? [{ name, options }] : [],
    ),
    compute: {
      possible: card.capabilities.compute && !losesCompute(prepared),
      usual: card.capabilities.compute_default,
    },
  });
}

/**
 * The natural length that responses of a model without calibration have shown. It is fixed with the job, so that a resumed
 * attempt does the same; a deterministic request must not depend on earlier ones.
 */
async function lengthOf(
  model: string,
  given: { request: CreateResponse; table: EffortTable; dependencies: Pick<AcceptDependencies, 'pace'> },
): Promise<number | undefined> {
  if (given.table.calibrated !== null || given.request.deterministic === true) return undefined;
  const pace = await given.dependencies.pace?.of(model).catch(() => undefined);
  return learnedLength(pace?.chains ?? []);
}

/** The request as it is stored, and what became of it as a prompt. */
function storedPrompt({ request, resolved, prompt, inputTokens }: Prepared, identity: Identity | undefined) {
  return {
    request: request.tools ? { ...request, tools: withoutToolSecrets(request.tools) } : request,
    ...(resolved.entry === undefined ? {} : { context_entry: resolved.entry }),
    ...(resolved.referenced.length > 0 ? { referenced: resolved.referenced } : {}),
    ...(identity === undefined ? {} : { body_hash: identity.bodyHash }),
    ...(identity?.replaces === undefined ? {} : { replaces: identity.replaces }),
    prompt,
    input_tokens: inputTokens,
  };
}

function answerOf(prepared: Prepared, maxTokens: number, constraint: Constraint | undefined): ResponseJob['answer'] {
  const { stop, top_logprobs } = prepared.request;
  return {
    max_tokens: maxTokens,
    stop: typeof stop === 'string' ? [stop] : (stop ?? []),
    ...(constraint === undefined ? {} : { constraint }),
    ...(givesLogprobs(prepared) ? { top_logprobs: top_logprobs ?? 0 } : {}),
  };
}

function givesLogprobs({ request, card }: Prepared): boolean {
  return wantsLogprobs(request) && card.capabilities.logprobs;
}

function storedTools(
  { toolPlan, approved }: Prepared,
  { owner }: Caller,
  { sealer }: Pick<AcceptDependencies, 'sealer'>,
): Pick<ResponseJob, 'tool_calls' | 'server_tools' | 'approved_calls'> {
  const { calls, server } = toolPlan;
  return {
    ...(calls === undefined ? {} : { tool_calls: calls }),
    ...(server === undefined ? {} : { server_tools: sealedTools(server, (text) => sealer.seal(text, owner)) }),
    ...(approved.length > 0 ? { approved_calls: approved } : {}),
  };
}

function samplingOf(request: CreateResponse): ResponseJob['sampling'] {
  return {
    temperature: request.temperature ?? null,
    ...(isNumber(request.top_p) ? { top_p: request.top_p } : {}),
    ...(isNumber(request.top_k) ? { top_k: request.top_k } : {}),
    ...(isNumber(request.min_p) ? { min_p: request.min_p } : {}),
    ...(request.presence_penalty ? { presence_penalty: request.presence_penalty } : {}),
    ...(request.frequency_penalty ? { frequency_penalty: request.frequency_penalty } : {}),
    ...(request.logit_bias ? { logit_bias: request.logit_bias } : {}),
    ...(isNumber(request.seed) ? { seed: request.seed } : {}),
  };
}

/** The summaries of thoughts that the request wants, if its key may see them. */
function summaryOf(
  { reasoning }: CreateResponse,
  { scopes }: Caller,
): { style: ResponseJob['summary']; warnings: Warning[] } {
  const wanted = reasoning?.summary ?? reasoning?.generate_summary ?? null;
  if (wanted === null || scopes.trace !== 'none') return { style: wanted, warnings: [] };
  const message = 'This key may not see summaries of thoughts: it lacks the scope trace:summary.';
  return { style: null, warnings: [{ field: 'reasoning.summary', message }] };
}

function includeOf(prepared: Prepared): ResponseJob['include'] {
  const { request } = prepared;
  return {
    reasoning_text: includes(request, 'reasoning.text'),
    encrypted_content: includes(request, 'reasoning.encrypted_content'),
    logprobs: givesLogprobs(prepared),
    tool_outputs: includes(request, 'code_interpreter_call.outputs'),
  };
}

type PromptOptions = {
  signal?: AbortSignal | undefined;
  defaultEffort?: Effort | undefined;
  raw?: true | undefined;
  /** As in the job. */
  replaces?: string | undefined;
};

/** What counts and what runs have in common: the request, its model and its prompt. */
export async function preparePrompt(
  body: Readonly<Record<string, unknown>>,
  caller: Caller,
  dependencies: AcceptDependencies,
  { signal, defaultEffort, raw, replaces }: PromptOptions = {},
) {
  const { catalog, defaults, checkConstraints, sealer } = dependencies;
  // First, because a request with a template may leave out its input.
  checkTemplate(body);
  const request = parseBody(CreateResponse, body);
  checkCount(request);
  const { card, suffix } = resolveModel(catalog, request.model);
  const choice = resolveReasoning(request, { suffix, defaultEffort: defaultEffort ?? defaults.effort });
  const refusal = toolRefusal(card, dependencies);
  await checkRequest(request, caller, { ...dependencies, refusal });
  const open = (sealed: string) => sealer.open(sealed, caller.owner);
  const resolved = await resolveContext(request, caller, { ...dependencies, replaces });
  const tools = givenTools(request, locatedItems(request, { ...resolved, open }));
  const server = await givenServerTools(tools, caller, refusal);
  const toolPlan = await planTools(request, tools, { card, check: checkConstraints, server: server.tools });
  const built = buildPrompt(request, {
    ...resolved,
    ...(toolPlan.tools === undefined ? {} : { tools: toolPlan.tools }),
    inputs: card.capabilities.inputs,
    addressRefusal: (address) => dependencies.webhooks?.refusal(address),
    files: await promptFiles(request, resolved.context, { caller, records: dependencies.records }),
    open,
    server: (toolPlan.server ?? []).map(({ tool }) => tool),
  });
  const { prompt, tokens, dropped } = await fitPrompt(raw ? { ...built.prompt, raw } : built.prompt, {
    request,
    card,
    catalog,
    thinking: choice.thinks,
    signal,
    reserve:
      request.reasoning?.answer_reserve_tokens ??
      answerShare(card.context_length, catalog.effortTable(card.id).answer_reserve_tokens),
  });
  const cut = {
    field: 'truncation',
    message: `The ${dropped} oldest turns were left out so that the rest fits into the context.`,
  };
  const warnings = [
    ...unhonouredFields(body, request, card.capabilities),
    ...(request.reasoning?.compute === 'on' && losesCompute({ card, prompt }) ? [computeLost] : []),
    ...server.warnings,
    ...toolPlan.warnings,
    ...resolved.warnings,
    ...built.warnings,
    ...(dropped > 0 ? [cut] : []),
  ];
  return { request, card, choice, toolPlan, resolved, prompt, approved: built.approved, inputTokens: tokens, warnings };
}

const computeLost: Warning = {
  field: 'reasoning.compute',
  message:
    'With tools, images or files, no values are computed on this model’s server; the model calculates them itself.',
};

/** Whether values could be computed in this model's thoughts, but not for this prompt. */
function losesCompute({ card, prompt }: { card: ModelCard; prompt: Prompt }): boolean {
  const { compute, compute_text_only: textOnly } = card.capabilities;
  return compute && textOnly === true && !isTextOnly(prompt);
}

/**
 * The temperature and `top_p` that answers are drawn with. Without a wish, a fast answer is greedy, and chains are drawn as the
 * effort table says. The model's own settings, which may be a server's, and what a server doesn't take read as neutral.
 */
function samplingInEffect(
  request: CreateResponse,
  card: ModelCard,
  { budget_tokens, samples }: EffectiveReasoning,
  catalog: ModelCatalog,
) {
  const taken = (field: 'temperature' | 'top_p') => card.capabilities.sampling.includes(field);
  const { temperature, own_sampling, greedy_first } = catalog.effortTable(card.id);
  const isGreedy = budget_tokens === 0 || (samples === 1 && greedy_first);
  const unasked = isGreedy ? 0 : own_sampling ? 1 : temperature;
  return {
    temperature: taken('temperature') ? (request.temperature ?? unasked) : 1,
    top_p: (taken('top_p') ? request.top_p : undefined) ?? 1,
  };
}

/** Why a tool can't be run for this model, as far as its workers have announced it or this process knows it. */
function toolRefusal(
  { code_interpreter_refusal: announced }: ModelCard,
  dependencies: Pick<AcceptDependencies, 'toolRefusal'>,
): ToolRefusal {
  return async (tool) =>
    tool.type === 'code_interpreter' && announced !== undefined
      ? announced.replace(/\.$/, '')
      : dependencies.toolRefusal?.(tool);
}

function tierOf({ service_tier: tier }: CreateResponse): Job['tier'] {
  return tier === 'flex' || tier === 'priority' ? tier : 'default';
}

/** Its end is told: at the address that it names, or at its key's. @throws ServiceError for one that is never called */
async function isAnnounced(
  { webhook }: CreateResponse,
  { owner }: Caller,
  { webhooks }: AcceptDependencies,
): Promise<boolean> {
  if (!webhook) return (await webhooks?.settings.of(owner))?.url != null;
  if (webhooks) checkWebhook(webhook.url, webhooks.refusal, 'webhook.url');
  return true;
}

function includes(request: CreateResponse, part: NonNullable<CreateResponse['include']>[number]): boolean {
  return (request.include ?? []).includes(part);
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number';
}
