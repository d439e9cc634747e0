import { MIMEType } from 'node:util';
import type { HonoRequest } from 'hono';
import type { z } from 'zod';
import { invalidValue, ServiceError } from '../contracts/service/service-error.ts';
import type { ApiLimits } from './dependencies.ts';
import { fieldPath, parseBody } from './validation-error.ts';

/** More than any form here has: the parser takes time for each. */
const mostParts = 64;

/** @throws ServiceError `invalid_value` for what is no form, or one of too many parts */
export async function readForm(bytes: Uint8Array, type: string): Promise<FormData> {
  try {
    const boundary = new MIMEType(type).params.get('boundary') ?? '';
    if (hasMore(bytes, `--${boundary}`, mostParts + 1)) {
      throw new ServiceError({ code: 'invalid_value', message: `Expected a form of at most ${mostParts} parts.` });
    }
    // Written anew, so that the parser can't find another boundary in it than the one that was counted.
    const plain = new MIMEType('multipart/form-data');
    plain.params.set('boundary', boundary);
    return await new Response(new Uint8Array(bytes), { headers: { 'content-type': String(plain) } }).formData();
  } catch (cause) {
    if (cause instanceof ServiceError) throw cause;
    throw new ServiceError({ code: 'invalid_value', message: 'The form could not be read.', cause });
  }
}

function hasMore(bytes: Uint8Array, text: string, most: number): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let count = 0;
  for (let at = buffer.indexOf(text); at >= 0 && count <= most; at = buffer.indexOf(text, at + text.length)) count++;
  return count > most;
}

/** @throws ServiceError `invalid_value` naming the query parameter */
export function parseQuery<T extends z.ZodType>(schema: T, request: HonoRequest): z.output<T> {
  return parseBody(schema, request.query());
}

/** The pairs of `name[key]=value` in a query; undefined where there are none. */
export function queryPairs(request: HonoRequest, name: string): Record<string, string> | undefined {
  const pairs = Object.entries(request.query()).flatMap(([field, value]): [string, string][] =>
    field.startsWith(`${name}[`) && field.endsWith(']') ? [[field.slice(name.length + 1, -1), value]] : [],
  );
  return pairs.length > 0 ? Object.fromEntries(pairs) : undefined;
}

/**
 * Where a stream goes on: `starting_after`, or `Last-Event-ID`, which a browser that reconnects sends along with the
 * older URL; the later one holds.
 */
export function resumeAfter(request: HonoRequest, startingAfter: number | undefined): number | undefined {
  const header = request.header('last-event-id');
  if (header === undefined) return startingAfter;
  if (!/^\d{1,15}$/.test(header)) {
    throw invalidValue('Last-Event-ID', 'expected a whole number');
  }
  return Math.max(Number(header), startingAfter ?? -1);
}

export type TreeLimits = Pick<ApiLimits, 'bodyDepth' | 'bodyValues'>;

/** Fields of one object: every schema names fewer, and one of maps makes an issue for each that does not fit. */
const mostFields = 4_096;

/**
 * The JSON object of a request's body, within its depth and number of values, and with text that every backend can keep.
 * `anyType`: whatever content type is sent, which a page of another site may choose without a preflight.
 * @throws ServiceError `unsupported_media_type`, `body_too_large`, `invalid_json`, `invalid_value` (depth, values, fields, NUL,
 * half a surrogate pair)
 */
export async function readJson(
  request: HonoRequest,
  limits: TreeLimits & Pick<ApiLimits, 'bodyBytes'>,
  { anyType = false }: { anyType?: boolean } = {},
): Promise<Record<string, unknown>> {
  const type = request.header('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (!anyType && type !== 'application/json' && !/^application\/[\w.-]+\+json$/.test(type)) {
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
  const body = parseTree(await readBytes(request, limits.bodyBytes), limits);
  if (!isObject(body)) {
    throw new ServiceError({ code: 'invalid_json', message: 'Expected a JSON object as the body.' });
  }
  return body;
}

/**
 * JSON within its limits. What holds too many values is refused before it is parsed: they cost time and memory from then on.
 * @throws ServiceError `invalid_json`, and `invalid_value` as `readJson`
 */
export function parseTree(bytes: Uint8Array, limits: TreeLimits): unknown {
  const field = overfullField(bytes, limits.bodyValues);
  if (field !== undefined) {
    const message = `Invalid ${field === '' ? 'body' : `'${field}'`}: expected a body of at most ${limits.bodyValues} values in total (fields and list elements).`;
    throw new ServiceError({ code: 'invalid_value', message, ...(field === '' ? {} : { param: field }) });
  }
  const tree = parse(bytes);
  checkTree(tree, limits.bodyDepth);
  return tree;
}

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * The top-level field in which the count of values exceeds `most`, empty outside of any; undefined within it. One pass over
 * the bytes that allocates nothing, for JSON that may be wrong: a value follows each comma and each bracket that is not closed
 * at once.
 */
function overfullField(bytes: Uint8Array, most: number): string | undefined {
  let [values, depth, at] = [1, 0, 0];
  let opened = false;
  let [textStart, textEnd, keyStart, keyEnd] = [0, 0, 0, 0];
  for (; at < bytes.length && values <= most; at++) {
    const byte = bytes[at] ?? 0;
    if (byte <= 0x20) continue;
    if (opened && byte !== closeList && byte !== closeObject) values++;
    opened = false;
    if (byte === quote) {
      textStart = at + 1;
      for (at++; at < bytes.length && bytes[at] !== quote; at++) if (bytes[at] === backslash) at++;
      textEnd = at;
    } else if (byte === comma) values++;
    else if (byte === colon && depth === 1) [keyStart, keyEnd] = [textStart, textEnd];
    else if (byte === openList || byte === openObject) {
      depth++;
      opened = true;
    } else if (byte === closeList || byte === closeObject) depth--;
  }
  if (values <= most) return undefined;
  return new TextDecoder().decode(bytes.subarray(keyStart, Math.min(keyEnd, keyStart + 64)));
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
  const length = request.header('content-length');
  if (Number(length ?? 0) > maxBytes) throw tooLarge();
  // Read in one piece: a body that is read as a stream keeps 10 kB alive for as long as its answer streams.
  if (length !== undefined) return new Uint8Array(await request.raw.arrayBuffer().catch(brokenOff));
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
  throw new ServiceError({ code: 'invalid_json', message: 'The body is incomplete.', cause });
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
 * @throws ServiceError `invalid_value` for depth, fields of one object, NUL and half a surrogate pair
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
    const keys = Object.keys(value);
    if (keys.length > mostFields) {
      const param = fieldPath(path);
      const message = `Invalid ${param === '' ? 'body' : `'${param}'`}: expected at most ${mostFields} fields.`;
      throw new ServiceError({ code: 'invalid_value', message, ...(param === '' ? {} : { param }) });
    }
    for (const key of keys) {
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
