import type { HonoRequest } from 'hono';
import { ServiceError } from '../contracts/service-error.ts';
import { fieldPath } from './validation-error.ts';

/**
 * The JSON object of a request's body, within its depth, and with text that every backend can keep.
 * @throws ServiceError `unsupported_media_type`, `invalid_json`, `invalid_value` (depth, NUL, half a surrogate pair)
 */
export async function readJson(request: HonoRequest, limits: { bodyDepth: number }): Promise<Record<string, unknown>> {
  const type = request.header('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (type !== 'application/json' && !/^application\/[\w.-]+\+json$/.test(type)) {
    throw new ServiceError({
      code: 'unsupported_media_type',
      message: `Expected content-type application/json, got ${type === '' ? 'none' : `'${type.slice(0, 100)}'`}.`,
    });
  }
  const encoding = request.header('content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity') {
    throw new ServiceError({
      code: 'unsupported_media_type',
      message: 'Expected a body without content-encoding.',
    });
  }
  const body = parse(await request.arrayBuffer());
  if (!isObject(body)) {
    throw new ServiceError({ code: 'invalid_json', message: 'Expected a JSON object as the body.' });
  }
  checkTree(body, limits.bodyDepth);
  return body;
}

function parse(bytes: ArrayBuffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    const message =
      bytes.byteLength === 0 ? 'The body is empty; expected JSON.' : 'The body is not valid JSON in UTF-8.';
    throw new ServiceError({ code: 'invalid_json', message });
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Walks without recursion: the depth is the caller's to choose. */
function checkTree(root: unknown, maxDepth: number): void {
  const pending: Array<{ value: unknown; path: Array<string | number> }> = [{ value: root, path: [] }];
  for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) {
    const { value, path } = entry;
    if (typeof value === 'string') checkText(value, path);
    if (typeof value !== 'object' || value === null) continue;
    if (path.length >= maxDepth) {
      throw new ServiceError({
        code: 'invalid_value',
        message: `The body is nested too deeply; expected at most ${maxDepth} levels.`,
        param: fieldPath(path.slice(0, 4)),
      });
    }
    const children: Array<[string | number, unknown]> = Array.isArray(value)
      ? value.map((child, index) => [index, child])
      : Object.entries(value);
    for (const [key, child] of children) {
      if (typeof key === 'string') checkText(key, path);
      pending.push({ value: child, path: [...path, key] });
    }
  }
}

function checkText(text: string, path: ReadonlyArray<string | number>): void {
  const fault = text.includes('\0')
    ? 'NUL characters'
    : /\p{Surrogate}/u.test(text)
      ? 'half of a surrogate pair'
      : undefined;
  if (fault === undefined) return;
  const param = fieldPath(path);
  throw new ServiceError({
    code: 'invalid_value',
    message: `Invalid ${param === '' ? 'body' : `'${param}'`}: expected text without ${fault}.`,
    ...(param === '' ? {} : { param }),
  });
}
