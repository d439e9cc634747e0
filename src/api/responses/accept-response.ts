import { z } from 'zod';
import { CreateResponse } from '../../contracts/responses/create-response.ts';
import type { Job } from '../../contracts/responses/job.ts';
import type { EffectiveReasoning, Effort } from '../../contracts/responses/reasoning.ts';
import type { Warning } from '../../contracts/responses/response.ts';
import type { ResponseJob } from '../../contracts/responses/response-job.ts';
import type { EffortTable } from '../../contracts/service/effort-table.ts';
import type { ModelCard, ModelCatalog } from '../../contracts/service/model-card.ts';
import { learnedLength } from '../../contracts/service/natural-length.ts';
import { invalidValue, ServiceError, unsupportedInput } from '../../contracts/service/service-error.ts';
import type { Caller } from '../caller.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { parseBody, safeParseNaming, validationError } from '../validation-error.ts';
import { checkWebhook } from './check-webhook.ts';
import { planReasoning } from './effective-reasoning.ts';
import { buildPrompt, fitPrompt, locatedItems } from './prompt/build-prompt.ts';
import { formatConstraint, givenTools, planTools } from './prompt/constraints.ts';
import { promptFiles } from './prompt/prompt-files.ts';
import { givenServerTools, sealedTools, type ToolRefusal, withoutToolSecrets } from './prompt/server-tools.ts';
import { type Remembered, resolveContext } from './resolve-context.ts';
import { resolveModel, resolveReasoning } from './resolve-reasoning.ts';
import { unhonouredFields, unknownKeys, wantsLogprobs } from './unhonoured-fields.ts';

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
  { identity, ...asked }: { identity?: { id: string; bodyHash: string } | undefined } & PromptOptions = {},
): Promise<{ job: Job; request: CreateResponse }> {
  const { catalog, defaults, now, newId, checkConstraints } = dependencies;
  const prepared = await preparePrompt(body, caller, dependencies, asked);
  const { request, card, choice, toolPlan, resolved, prompt, inputTokens, warnings } = prepared;
  const table = catalog.effortTable(card.id);
  const plan = planReasoning({
    request,
    choice,
    table,
    learnedLength: await lengthOf(card.id, { request, table, dependencies }),
    contextLeft: card.context_length - inputTokens,
    defaultAnswerTokens: defaults.answerTokens,
    strategies: dependencies.strategies?.flatMap(({ name, options }) =>
      options instanceof z.ZodType ? [{ name, options }] : [],
    ),
    compute: { possible: card.capabilities.compute, usual: card.capabilities.compute_default },
  });
  const unread = checkStrategyOptions(request, plan.effective.strategy, dependencies);
  const constraint = await formatConstraint(request, card, checkConstraints);
  const logprobs = wantsLogprobs(request) && card.capabilities.logprobs;
  const createdAt = now();
  const wantedSummary = request.reasoning?.summary ?? request.reasoning?.generate_summary ?? null;
  const summarises = caller.scopes.trace !== 'none';
  const response: ResponseJob = {
    version: 1,
    request: request.tools ? { ...request, tools: withoutToolSecrets(request.tools) } : request,
    ...(resolved.entry === undefined ? {} : { context_entry: resolved.entry }),
    ...(resolved.referenced.length > 0 ? { referenced: resolved.referenced } : {}),
    ...(identity === undefined ? {} : { body_hash: identity.bodyHash }),
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
    ...(toolPlan.server === undefined
      ? {}
      : { server_tools: sealedTools(toolPlan.server, (text) => dependencies.sealer.seal(text, caller.owner)) }),
    ...(prepared.approved.length > 0 ? { approved_calls: prepared.approved } : {}),
    sampling: {
      temperature: request.temperature ?? null,
      ...(isNumber(request.top_p) ? { top_p: request.top_p } : {}),
      ...(isNumber(request.top_k) ? { top_k: request.top_k } : {}),
      ...(isNumber(request.min_p) ? { min_p: request.min_p } : {}),
      ...(request.presence_penalty ? { presence_penalty: request.presence_penalty } : {}),
      ...(request.frequency_penalty ? { frequency_penalty: request.frequency_penalty } : {}),
      ...(request.logit_bias ? { logit_bias: request.logit_bias } : {}),
      ...(isNumber(request.seed) ? { seed: request.seed } : {}),
    },
    sampling_in_effect: samplingInEffect(request, card, plan.effective, catalog),
    deterministic: request.deterministic ?? false,
    deadline_at: plan.effective.deadline_ms === null ? null : createdAt + plan.effective.deadline_ms,
    background: request.background ?? false,
    summary: summarises ? wantedSummary : null,
    include: {
      reasoning_text: includes(request, 'reasoning.text'),
      encrypted_content: includes(request, 'reasoning.encrypted_content'),
      logprobs,
      tool_outputs: includes(request, 'code_interpreter_call.outputs'),
    },
    scopes: caller.scopes,
    ...(caller.key === undefined ? {} : { keyed: true as const }),
    warnings: [
      ...warnings,
      ...unread,
      ...checkWarnings(request, plan.effective.strategy, dependencies),
      ...plan.warnings,
      ...(wantedSummary === null || summarises ? [] : [summaryHidden]),
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

/**
 * The natural length that responses of a model without calibration have shown. It is fixed with the job, so that an attempt that
 * goes on does the same; a deterministic request must not depend on what was asked before it.
 */
async function lengthOf(
  model: string,
  given: { request: CreateResponse; table: EffortTable; dependencies: Pick<AcceptDependencies, 'pace'> },
): Promise<number | undefined> {
  if (given.table.calibrated !== null || given.request.deterministic === true) return undefined;
  const pace = await given.dependencies.pace?.of(model).catch(() => undefined);
  return learnedLength(pace?.chains ?? []);
}

/** Items, or turns, of one request. */
const mostItems = 4_096;

const summaryHidden = {
  field: 'reasoning.summary',
  message: 'This key may not see summaries of thoughts: it lacks the scope trace:summary.',
};

type PromptOptions = { signal?: AbortSignal | undefined; defaultEffort?: Effort | undefined; raw?: true | undefined };

/** What counts and what runs have in common: the request, its model and its prompt. */
export async function preparePrompt(
  body: Readonly<Record<string, unknown>>,
  caller: Caller,
  dependencies: AcceptDependencies,
  { signal, defaultEffort, raw }: PromptOptions = {},
) {
  const { catalog, defaults, checkConstraints, sealer } = dependencies;
  // First, because a request with a template may leave out its input.
  checkTemplate(body);
  const request = parseBody(CreateResponse, body);
  checkCount(request);
  const { card, suffix } = resolveModel(catalog, request.model);
  const choice = resolveReasoning(request, { suffix, defaultEffort: defaultEffort ?? defaults.effort });
  checkStrategyName(request, dependencies);
  checkChecks(request, dependencies);
  checkCheckAddresses(request, dependencies);
  checkScope(request, caller);
  const refusal = toolRefusal(card, dependencies);
  await checkPython(request, caller, refusal);
  const open = (sealed: string) => sealer.open(sealed, caller.owner);
  const resolved = await resolveContext(request, caller, dependencies);
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
    reserve: request.reasoning?.answer_reserve_tokens ?? catalog.effortTable(card.id).answer_reserve_tokens,
  });
  const cut = {
    field: 'truncation',
    message: `The ${dropped} oldest turns were left out so that the rest fits into the context.`,
  };
  const warnings = [
    ...unhonouredFields(body, request, card.capabilities),
    ...server.warnings,
    ...toolPlan.warnings,
    ...resolved.warnings,
    ...built.warnings,
    ...(dropped > 0 ? [cut] : []),
  ];
  return { request, card, choice, toolPlan, resolved, prompt, approved: built.approved, inputTokens: tokens, warnings };
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

/** A prompt that OpenAI keeps for its callers; without it, something else would be answered. @throws ServiceError `unsupported_input` */
function checkTemplate({ prompt }: Readonly<Record<string, unknown>>): void {
  if (prompt === undefined || prompt === null) return;
  throw unsupportedInput(
    'prompt',
    "this service keeps no prompt templates; send the text as 'instructions' and 'input'",
  );
}

/** Not in the schema, by which jobs are read as well: what was accepted once is never refused later. */
function checkCount({ input }: CreateResponse): void {
  if (typeof input === 'string' || input.length <= mostItems) return;
  throw invalidValue('input', `expected at most ${mostItems} items, got ${input.length}`);
}

function includes(request: CreateResponse, part: NonNullable<CreateResponse['include']>[number]): boolean {
  return (request.include ?? []).includes(part);
}

function checkScope(request: CreateResponse, { scopes }: Caller): void {
  const webhook = (request.reasoning?.checks ?? []).findIndex(({ type }) => type === 'webhook');
  if (webhook !== -1 && scopes.trace === 'none') {
    throw new ServiceError({
      code: 'insufficient_scope',
      message: 'A webhook check receives answers that may be discarded, so the key needs the scope trace:summary.',
      param: `reasoning.checks[${webhook}]`,
    });
  }
  if (!includes(request, 'reasoning.text') || scopes.trace === 'full') return;
  throw new ServiceError({
    code: 'insufficient_scope',
    message: "This key may not read thoughts; leave 'reasoning.text' out of 'include'.",
    param: 'include',
  });
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

/** Checks and programs in Python need what `code_interpreter` needs. @throws ServiceError `insufficient_scope`, `unsupported_input` */
async function checkPython({ reasoning }: CreateResponse, { scopes }: Caller, refusal: ToolRefusal): Promise<void> {
  const check = (reasoning?.checks ?? []).findIndex(({ type }) => type === 'python');
  const isProgram = reasoning?.strategy === 'program-of-thought';
  if (check === -1 && !isProgram) return;
  const param = isProgram ? 'reasoning.strategy' : `reasoning.checks[${check}]`;
  if (!scopes.tools) {
    const message = 'Python is run by this service; the key needs the scope tools:run for it.';
    throw new ServiceError({ code: 'insufficient_scope', message, param });
  }
  const refused = await refusal({ type: 'code_interpreter', container: { type: 'auto' } });
  if (refused === undefined) return;
  throw unsupportedInput(param, refused);
}

/** Warnings of options that the strategy doesn't have. @throws ServiceError `invalid_value` naming the option, `reasoning.options.…` */
function checkStrategyOptions(
  { reasoning }: CreateResponse,
  name: string,
  { strategies }: Pick<AcceptDependencies, 'strategies'>,
): Warning[] {
  const strategy = strategies?.find((each) => each.name === name);
  if (!strategy || !reasoning?.options) return [];
  const parsed = z.object({ reasoning: z.object({ options: strategy.options }) }).safeParse({ reasoning });
  if (!parsed.success) throw validationError(parsed.error, { reasoning });
  const misplaced = ['samples', 'max_revisions', 'checks'].find((field) => field in (reasoning.options ?? {}));
  if (misplaced === undefined) {
    const known = strategy.options instanceof z.ZodObject ? strategy.options.shape : reasoning.options;
    return unknownKeys(reasoning.options, known, 'reasoning.options.').map((field) => ({
      field,
      message: `The strategy ${name} does not have this option; it was ignored.`,
    }));
  }
  throw new ServiceError({
    code: 'invalid_value',
    message: `Invalid 'reasoning.options.${misplaced}': set 'reasoning.${misplaced}' instead.`,
    param: `reasoning.options.${misplaced}`,
  });
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

/**
 * Names and options, by the schema of a strategy that takes checks: the one asked for, or the first, since all know the same.
 * @throws ServiceError `invalid_value` or `missing_required_parameter` naming the check's field
 */
function checkChecks({ reasoning }: CreateResponse, { strategies }: Pick<AcceptDependencies, 'strategies'>): void {
  if (!reasoning?.checks) return;
  const taking = (strategies ?? []).flatMap(({ name, options }) => {
    const checks = options instanceof z.ZodObject ? options.shape['checks'] : undefined;
    return checks === undefined ? [] : [{ name, checks }];
  });
  const { checks } = taking.find(({ name }) => name === reasoning.strategy) ?? taking[0] ?? {};
  if (checks === undefined) return;
  const schema = z.object({ reasoning: z.object({ checks }) });
  for (const [index, check] of reasoning.checks.entries()) {
    const parsed = safeParseNaming(schema, { reasoning: { checks: [check] } });
    if (parsed.success) continue;
    const issues = parsed.error.issues.map((issue) => {
      const [, , at, ...field] = issue.path;
      return { ...issue, path: ['reasoning', 'checks', ...(at === undefined ? [] : [index]), ...field] };
    });
    throw validationError(new z.ZodError(issues), { reasoning });
  }
}

/** For checks that the strategy does not run. */
function checkWarnings(
  { reasoning }: CreateResponse,
  name: string,
  { strategies }: Pick<AcceptDependencies, 'strategies'>,
): Warning[] {
  const options = strategies?.find((strategy) => strategy.name === name)?.options;
  const isRun = !(options instanceof z.ZodObject) || name === 'direct' || 'checks' in options.shape;
  const ignored = { field: 'reasoning.checks', message: `The strategy ${name} runs no checks; yours were ignored.` };
  return isRun || !reasoning?.checks?.length ? [] : [ignored];
}

/** Of the caller's own checks, by the rule for webhooks. @throws ServiceError `invalid_value` for one that is never called */
function checkCheckAddresses({ reasoning }: CreateResponse, { webhooks }: Pick<AcceptDependencies, 'webhooks'>): void {
  for (const [index, { type, url }] of (reasoning?.checks ?? []).entries()) {
    if (type !== 'webhook') continue;
    const param = `reasoning.checks[${index}].url`;
    if (typeof url !== 'string' || !URL.canParse(url)) {
      throw invalidValue(param, 'expected an address');
    }
    if (webhooks) checkWebhook(url, webhooks.refusal, param);
  }
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number';
}
