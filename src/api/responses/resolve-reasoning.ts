import type { CreateResponse } from '../../contracts/responses/create-response.ts';
import { type Effort, type Mode, splitModelSuffix } from '../../contracts/responses/reasoning.ts';
import type { ModelCard, ModelCatalog, ModelState } from '../../contracts/service/model-card.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';

/** What a request asks of thinking, once its short forms agree. `budget` in tokens: -1 what the context allows. */
export type ReasoningChoice = { effort: Effort; thinks: boolean; budget: number | undefined };

/** One field's say. `effort` is exact, `fallback` the effort that it means where no field names one. */
type Claim = { field: string; thinks: boolean; effort?: Effort; fallback?: Effort; budget?: number };

const isFast = (effort: Effort): boolean => effort === 'none' || effort === 'minimal';

/**
 * Joins `mode`, `reasoning.effort`, `reasoning.budget_tokens`, the model's suffix and the other APIs' short forms.
 * @throws ServiceError `conflicting_parameters` naming both fields
 */
export function resolveReasoning(
  request: CreateResponse,
  options: { suffix: Effort | Mode | undefined; defaultEffort: Effort },
): ReasoningChoice {
  const claims = claimsOf(request, options.suffix);
  for (const [index, claim] of claims.entries()) {
    const other = claims.slice(0, index).find((earlier) => contradicts(earlier, claim));
    if (other) throw conflict(other.field, claim.field);
  }
  const thinks = claims.length === 0 ? !isFast(options.defaultEffort) : claims.every((claim) => claim.thinks);
  const named = claims.find(({ effort }) => effort !== undefined && isFast(effort) !== thinks)?.effort;
  const fallback = claims.find((claim) => claim.fallback !== undefined)?.fallback;
  // Who asks for thinking without a level gets some: auto may answer fast.
  const isAsked = claims.length > 0 && options.defaultEffort === 'auto';
  const usual = isAsked || isFast(options.defaultEffort) === thinks ? undefined : options.defaultEffort;
  const effort = named ?? fallback ?? usual ?? (thinks ? 'medium' : 'none');
  return { effort, thinks, budget: claims.find((claim) => claim.budget !== undefined)?.budget };
}

/**
 * Finds the model that a request names; a suffix such as `:fast` or `:low` carries the choice of effort.
 * @throws ServiceError `model_not_found`
 */
export function resolveModel(
  catalog: ModelCatalog,
  name: string | undefined,
): { card: ModelCard; suffix: Effort | Mode | undefined } {
  const id = name ?? catalog.list()[0]?.id ?? '';
  const whole = catalog.get(id);
  if (whole) return { card: whole, suffix: undefined };
  const split = splitModelSuffix(id);
  const card = split && catalog.get(split.id);
  if (card) return { card, suffix: split.suffix };
  const state = catalog.states?.().get(split?.id ?? id) ?? catalog.states?.().get(id);
  if (state !== undefined) throw notReady(id, state);
  const known = catalog.list().map((model) => `'${model.id}'`);
  throw new ServiceError({
    code: 'model_not_found',
    message: `The model '${id}' does not exist. Known: ${known.join(', ')}.`,
    param: 'model',
  });
}

/** A model that was added and can't be used yet. */
function notReady(id: string, { status }: ModelState): ServiceError {
  return new ServiceError({
    code: 'model_unavailable',
    message: `The model '${id}' ${status === 'failed' ? 'could not be loaded' : 'is being loaded'}.`,
    param: 'model',
    retryAfterSeconds: status === 'failed' ? 60 : 5,
  });
}

export function conflict(first: string, second: string): ServiceError {
  return new ServiceError({
    code: 'conflicting_parameters',
    message: `'${first}' and '${second}' contradict each other; leave one of them out or make them agree.`,
    param: second,
  });
}

function claimsOf(request: CreateResponse, suffix: Effort | Mode | undefined): Claim[] {
  const { mode, reasoning, thinking, think, reasoning_effort, output_config } = request;
  const claims: Array<Claim | undefined> = [
    mode ? ofWord('mode', mode) : undefined,
    reasoning?.effort ? ofWord('reasoning.effort', reasoning.effort) : undefined,
    suffix ? ofWord('model', suffix) : undefined,
    reasoning_effort ? ofWord('reasoning_effort', reasoning_effort) : undefined,
    output_config?.effort ? ofWord('output_config.effort', output_config.effort) : undefined,
    ofBudget('reasoning.budget_tokens', reasoning?.budget_tokens),
    thinking?.type === 'enabled' ? ofBudget('thinking.budget_tokens', thinking.budget_tokens) : undefined,
    thinking?.type === 'adaptive' ? { field: 'thinking', thinks: true, fallback: 'auto' } : undefined,
    thinking?.type === 'disabled' ? { field: 'thinking', thinks: false } : undefined,
    typeof think === 'string' ? ofWord('think', think) : undefined,
    typeof think === 'boolean' ? { field: 'think', thinks: think } : undefined,
  ];
  return claims.filter((claim) => claim !== undefined);
}

function ofWord(field: string, word: Effort | Mode): Claim {
  if (word === 'fast') return { field, thinks: false, fallback: 'none' };
  if (word === 'deliberate') return { field, thinks: true, fallback: 'medium' };
  return { field, thinks: !isFast(word), effort: word };
}

function ofBudget(field: string, budget: number | null | undefined): Claim | undefined {
  return budget === null || budget === undefined ? undefined : { field, thinks: budget !== 0, budget };
}

function contradicts(one: Claim, other: Claim): boolean {
  // A budget of none is a cap like any other: an effort that thinks is capped to a fast answer.
  if (isCapOf(one, other) || isCapOf(other, one)) return false;
  return one.thinks !== other.thinks || differ(one.effort, other.effort) || differ(one.budget, other.budget);
}

function isCapOf(cap: Claim, claim: Claim): boolean {
  return cap.budget === 0 && claim.effort !== undefined;
}

function differ<T>(one: T | undefined, other: T | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}
