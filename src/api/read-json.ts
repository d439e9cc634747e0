import type { HonoRequest } from 'hono';
import { ServiceError } from '../contracts/service-error.ts';
import { fieldPath } from './validation-error.ts';

/**
 * The JSON object of a request's body, within its depth, and with text that every backend can keep.
 * @throws ServiceError `unsupported_media_type`, `body_too_large`, `invalid_json`, `invalid_value` (depth, NUL, half a surrogate pair)
 */
export async function readJson(
  request: HonoRequest,
  limits: { bodyBytes: number; bodyDepth: number },
): Promise<Record<string, unknown>> {
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
  const body = parse(await readBytes(request, limits.bodyBytes));
  if (!isObject(body)) {
    throw new ServiceError({ code: 'invalid_json', message: 'Expected a JSON object as the body.' });
  }
  checkTree(body, limits.bodyDepth);
  return body;
}

/**
 * Hono's `bodyLimit` makes a new Request of a streamed one, which throws for the requests of @hono/node-server (its
 * own class, unless it may replace the global one): a body is counted where it is read instead.
 */
export async function readBytes(request: HonoRequest, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = () =>
    new ServiceError({
      code: 'body_too_large',
      message: `The body is too large; expected at most ${maxBytes} bytes.`,
    });
  if (Number(request.header('content-length') ?? 0) > maxBytes) throw tooLarge();
  const reader = request.raw.body?.getReader();
  const next = () => reader?.read().catch(brokenOff);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let read = await next(); read && !read.done; read = await next()) {
    size += read.value.byteLength;
    if (size > maxBytes) {
      await reader?.cancel();
      throw tooLarge();
    }
    chunks.push(read.value);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function brokenOff(cause: unknown): never {
  throw new ServiceError({ code: 'invalid_json', message: 'The body broke off.', cause });
}

function parse(bytes: Uint8Array): unknown {
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

/**
 * Goes to the first fault as it is written, in no more memory than the tree has levels: what is nested beyond `maxDepth` is
 * not gone into, and the path is one list.
 * @throws ServiceError `invalid_value` for depth, NUL and half a surrogate pair
 */
export function checkTree(root: unknown, maxDepth: number): void {
  const path: Array<string | number> = [];
  const check = (value: unknown): void => {
    if (typeof value === 'string') checkText(value, path);
    if (typeof value !== 'object' || value === null) return;
    if (path.length >= maxDepth) {
      throw new ServiceError({
        code: 'invalid_value',
        message: `The body is nested too deeply; expected at most ${maxDepth} levels.`,
        param: fieldPath(path.slice(0, 4)),
      });
    }
    const depth = path.length;
    const enter = (key: string | number, child: unknown) => {
      path[depth] = key;
      check(child);
      path.length = depth;
    };
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) enter(index, value[index]);
      return;
    }
    for (const key of Object.keys(value)) {
      checkText(key, path);
      enter(key, Reflect.get(value, key));
    }
  };
  check(root);
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
