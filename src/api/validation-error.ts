import { z } from 'zod';
import { ServiceError } from '../contracts/service/service-error.ts';

type Issue = z.core.$ZodIssue;
type Path = ReadonlyArray<PropertyKey>;

/** Stops at the first fault of each list and object (not in zod's public types; its own `validate` parses with it), in plain words. */
const firstFault = { reportInput: false, abortEarly: true, error: plainWords };

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
  const naming = { error: (issue: z.core.$ZodRawIssue) => knownFields(issue) ?? plainWords(issue) };
  const parsed = schema.safeParse(body, { ...firstFault, ...naming });
  if (parsed.success || JSON.stringify(body).length > smallLength) return parsed;
  return schema.safeParse(body, naming);
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

/** Lists the known fields where another one is refused. Only here: a finished issue no longer has its schema. */
function knownFields(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'unrecognized_keys' || !(issue.inst instanceof z.ZodObject)) return undefined;
  return `unknown field, expected one of ${quoted(Object.keys(issue.inst.shape))}`;
}

/** Instead of zod's "Too small: expected string to have >=1 characters"; undefined where its own words are plain. */
function plainWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_value':
      return issue.values.length === 1 ? `expected ${quoted(issue.values)}` : `expected one of ${quoted(issue.values)}`;
    case 'too_small':
      if (issue.minimum === 1 && issue.inclusive && issue.origin in sizes) return 'must not be empty';
      return limit(issue.origin, issue.minimum, issue.exact ? 'exactly' : issue.inclusive ? 'at least' : 'more than');
    case 'too_big':
      return limit(issue.origin, issue.maximum, issue.exact ? 'exactly' : issue.inclusive ? 'at most' : 'less than');
    default:
      return undefined;
  }
}

const sizes: Readonly<Record<string, string>> = {
  string: 'characters',
  array: 'items',
  record: 'fields',
  object: 'fields',
};

function limit(origin: string, value: number | bigint, bound: string): string {
  const unit = sizes[origin];
  return unit === undefined ? `must be ${bound} ${value}` : `must have ${bound} ${value} ${unit}`;
}

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
  return names.map((name) => (typeof name === 'string' ? `'${name}'` : String(name))).join(', ');
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
