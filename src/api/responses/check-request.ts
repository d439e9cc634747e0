import { z } from 'zod';
import type { CreateResponse } from '../../contracts/responses/create-response.ts';
import type { Warning } from '../../contracts/responses/response.ts';
import { invalidValue, ServiceError, unsupportedInput } from '../../contracts/service/service-error.ts';
import type { Caller } from '../caller.ts';
import type { ApiDependencies, ApiWebhooks } from '../dependencies.ts';
import { parseBody, safeParseNaming, validationError } from '../validation-error.ts';
import type { ToolRefusal } from './prompt/server-tools.ts';
import { unknownKeys } from './unhonoured-fields.ts';

type CheckDependencies = Pick<ApiDependencies, 'strategies' | 'webhooks'>;

/** Items, or turns, of one request. */
const mostItems = 4_096;

/**
 * Strategy, checks, and what the key's scopes allow.
 * @throws ServiceError `invalid_value`, `insufficient_scope`, `unsupported_input` naming the field
 */
export async function checkRequest(
  request: CreateResponse,
  caller: Caller,
  dependencies: CheckDependencies & { refusal: ToolRefusal },
): Promise<void> {
  checkStrategyName(request, dependencies);
  checkChecks(request, dependencies);
  checkCheckAddresses(request, dependencies);
  checkScope(request, caller);
  await checkPython(request, caller, dependencies.refusal);
}

/** A prompt that OpenAI keeps for its callers; without it, something else would be answered. @throws ServiceError `unsupported_input` */
export function checkTemplate({ prompt }: Readonly<Record<string, unknown>>): void {
  if (prompt === undefined || prompt === null) return;
  throw unsupportedInput(
    'prompt',
    "this service keeps no prompt templates; send the text as 'instructions' and 'input'",
  );
}

/** Not in the schema, by which jobs are read as well: what was accepted once is never refused later. */
export function checkCount({ input }: CreateResponse): void {
  if (typeof input === 'string' || input.length <= mostItems) return;
  throw invalidValue('input', `expected at most ${mostItems} items, got ${input.length}`);
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
  if (!request.include?.includes('reasoning.text') || scopes.trace === 'full') return;
  throw new ServiceError({
    code: 'insufficient_scope',
    message: "This key may not read thoughts; leave 'reasoning.text' out of 'include'.",
    param: 'include',
  });
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
export function checkStrategyOptions(
  { reasoning }: CreateResponse,
  name: string,
  { strategies }: Pick<CheckDependencies, 'strategies'>,
): Warning[] {
  const strategy = strategies?.find((each) => each.name === name);
  if (!strategy || !reasoning?.options) return [];
  parseBody(z.object({ reasoning: z.object({ options: strategy.options }) }), { reasoning });
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

function checkStrategyName(request: CreateResponse, { strategies }: CheckDependencies): void {
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
function checkChecks({ reasoning }: CreateResponse, { strategies }: Pick<CheckDependencies, 'strategies'>): void {
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
export function checkWarnings(
  { reasoning }: CreateResponse,
  name: string,
  { strategies }: Pick<CheckDependencies, 'strategies'>,
): Warning[] {
  const options = strategies?.find((strategy) => strategy.name === name)?.options;
  const isRun = !(options instanceof z.ZodObject) || name === 'direct' || 'checks' in options.shape;
  const ignored = { field: 'reasoning.checks', message: `The strategy ${name} runs no checks; yours were ignored.` };
  return isRun || !reasoning?.checks?.length ? [] : [ignored];
}

/** Of the caller's own checks, by the rule for webhooks. @throws ServiceError `invalid_value` for one that is never called */
function checkCheckAddresses({ reasoning }: CreateResponse, { webhooks }: Pick<CheckDependencies, 'webhooks'>): void {
  for (const [index, { type, url }] of (reasoning?.checks ?? []).entries()) {
    if (type !== 'webhook') continue;
    const param = `reasoning.checks[${index}].url`;
    if (typeof url !== 'string' || !URL.canParse(url)) {
      throw invalidValue(param, 'expected an address');
    }
    if (webhooks) checkWebhook(url, webhooks.refusal, param);
  }
}

/** @throws ServiceError `invalid_value` for an address that would never be called */
export function checkWebhook(url: string, refusal: ApiWebhooks['refusal'], param: string): void {
  const reason = refusal(url);
  if (reason === undefined) return;
  throw invalidValue(param, reason);
}
