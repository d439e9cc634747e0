import { z } from 'zod';
import { ServiceError } from '../contracts/service/service-error.ts';

type Issue = z.core.$ZodIssue;
type Path = ReadonlyArray<PropertyKey>;

/** Stops at the first fault of each list and object. Not in zod's public types; its own `validate` parses with it. */
const firstFault = { reportInput: false, abortEarly: true };

/**
 * A body or query by its schema. Makes no more issues than the schema has levels, however many faults there are: a
 * megabyte of them took seconds to collect.
 * @throws ServiceError `invalid_value` or `missing_required_parameter` naming the first fault's field
 */
export function parseBody<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const parsed = schema.safeParse(body, firstFault);
  if (!parsed.success) throw validationError(parsed.error, body);
  return parsed.data;
}

/** Characters of JSON in which every fault is looked for. */
const smallLength = 8_192;

/**
 * As `safeParse`, where unknown fields are refused: the error says which fields there are. In a small body an unknown field
 * is reported before the missing one that it may have meant; in a large one the first fault is, whatever it is.
 */
export function safeParseNaming<T extends z.ZodType>(schema: T, body: unknown): z.ZodSafeParseResult<z.output<T>> {
  const parsed = schema.safeParse(body, { ...firstFault, ...namingFields });
  if (parsed.success || JSON.stringify(body).length > smallLength) return parsed;
  return schema.safeParse(body, namingFields);
}

/** The first fault of a body or query, by the field's name as the caller wrote it: `input[2].role`. */
export function validationError(error: z.ZodError, input: unknown): ServiceError {
  const first = foremost(error.issues);
  const issue = first ? innermost(first, []) : { path: [], message: 'Invalid input' };
  const param = fieldPath(issue.path);
  const missing = valueAt(input, issue.path) === undefined;
  return new ServiceError({
    code: missing ? 'missing_required_parameter' : 'invalid_value',
    message: missing
      ? `Missing required parameter: '${param}'.`
      : `Invalid ${param === '' ? 'body' : `'${param}'`}: ${issue.message}.`,
    ...(param === '' ? {} : { param }),
  });
}

/** Says which fields there are where another is refused. A fault has no schema any more once it is told. */
const namingFields = {
  error: (issue: z.core.$ZodRawIssue) =>
    issue.code === 'unrecognized_keys' && issue.inst instanceof z.ZodObject
      ? `unknown field, expected one of ${quoted(Object.keys(issue.inst.shape))}`
      : undefined,
};

/** `['input', 2, 'role']` as `input[2].role`. */
export function fieldPath(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
}

type Located = { path: PropertyKey[]; message: string };

/** A union's own message says nothing: the fault is that of the alternative which came furthest into the value. */
function innermost(issue: Issue, parent: Path): Located {
  const path = [...parent, ...issue.path];
  if (issue.code === 'unrecognized_keys')
    return { path: [...path, issue.keys[0] ?? ''], message: lowerFirst(issue.message) };
  if (issue.code !== 'invalid_union') return { path, message: lowerFirst(issue.message) };
  if (issue.errors.length === 0) return { path, message: `expected one of ${options(issue)}` };
  const meant = issue.errors.filter((branch) => !branch.some(isOtherType));
  if (meant.length === 0 && issue.errors.length > 1) return ofOtherTypes(issue.errors, path);
  const faults = meant.flatMap((branch) => {
    const first = foremost(branch);
    return first ? [innermost(first, path)] : [];
  });
  const depth = Math.max(...faults.map((fault) => fault.path.length));
  const deepest = faults.filter((fault) => fault.path.length === depth);
  if (depth > path.length && deepest[0]) return deepest[0];
  const messages = new Set(deepest.map((fault) => fault.message.replace(/^invalid (input|option): /, '')));
  return { path, message: [...messages].join(', or ') };
}

/** A field that is not there tells more than what is missing because of it. */
function foremost(issues: readonly Issue[]): Issue | undefined {
  return issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
}

type OtherType = Extract<Issue, { code: 'invalid_value' }>;

/** An alternative for another `type`: read back from JSON Schema, a union no longer says what tells its alternatives apart. */
function isOtherType(issue: Issue): issue is OtherType {
  return issue.code === 'invalid_value' && issue.path.length === 1 && issue.path[0] === 'type';
}

function ofOtherTypes(branches: readonly Issue[][], path: Path): Located {
  const types = branches.flatMap((branch) => branch.filter(isOtherType)).flatMap(({ values }) => values);
  return { path: [...path, 'type'], message: `expected one of ${quoted(types)}` };
}

function options(issue: Extract<Issue, { code: 'invalid_union' }>): string {
  const names = 'options' in issue && Array.isArray(issue.options) ? issue.options : [];
  return quoted(names.filter((name) => typeof name === 'string'));
}

function quoted(names: readonly unknown[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function valueAt(input: unknown, path: Path): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}
