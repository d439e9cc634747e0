import type { z } from 'zod';
import { ServiceError } from '../contracts/service-error.ts';

type Issue = z.core.$ZodIssue;
type Path = ReadonlyArray<PropertyKey>;

/** The first fault of a body or query, by the field's name as the caller wrote it: `input[2].role`. */
export function validationError(error: z.ZodError, input: unknown): ServiceError {
  const first = error.issues[0];
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
  if (issue.code === 'unrecognized_keys') return { path: [...path, issue.keys[0] ?? ''], message: 'unknown field' };
  if (issue.code !== 'invalid_union') return { path, message: lowerFirst(issue.message) };
  if (issue.errors.length === 0) return { path, message: `expected one of ${options(issue)}` };
  const faults = issue.errors.flatMap((branch) => (branch[0] ? [innermost(branch[0], path)] : []));
  const depth = Math.max(...faults.map((fault) => fault.path.length));
  const deepest = faults.filter((fault) => fault.path.length === depth);
  if (depth > path.length && deepest[0]) return deepest[0];
  const messages = new Set(deepest.map((fault) => fault.message.replace(/^invalid (input|option): /, '')));
  return { path, message: [...messages].join(', or ') };
}

function options(issue: Extract<Issue, { code: 'invalid_union' }>): string {
  const names = 'options' in issue && Array.isArray(issue.options) ? issue.options : [];
  return names
    .filter((name) => typeof name === 'string')
    .map((name) => `'${name}'`)
    .join(', ');
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
