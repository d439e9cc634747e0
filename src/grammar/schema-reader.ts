import type { SchemaKeywords, Subschema } from './schema-keywords.ts';
import {
  Subschema as AnySchema,
  annotations,
  enforcedKeywords,
  SchemaKeywords as Keywords,
  refusedKeywords,
} from './schema-keywords.ts';
import { unsupported } from './unsupported.ts';

/** A schema and its place in the request. */
export type Located = { schema: Subschema; path: string };

const MAX_DEPTH = 100;
const MAX_VALUES = 50_000;
const MAX_LAID_OUT = 6_000;

/** Parses each part of a document once, and refuses what would not be enforced. */
export type SchemaReader = ReturnType<typeof createSchemaReader>;
export function createSchemaReader(document: Readonly<Record<string, unknown>>, root: string) {
  checkSize(document, root);
  const read = new Map<object, SchemaKeywords>();
  let laidOut = 0;

  /** @throws ServiceError `unsupported_constraint` naming the keyword and its place */
  function keywordsOf({ schema, path }: Located): SchemaKeywords {
    if (typeof schema === 'boolean') return {};
    const known = read.get(schema);
    if (known) return known;
    for (const name of Object.keys(schema)) {
      if (enforcedKeywords.has(name) || annotations.has(name) || name.startsWith('x-')) continue;
      if (name === '$id' && path === root) continue;
      const what = refusedKeywords.includes(name) ? 'is not supported' : 'is not a known keyword';
      throw unsupported(`${path}.${name}`, `"${name}" ${what}, so it could not be enforced`);
    }
    const parsed = Keywords.safeParse(schema);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw unsupported([path, ...(issue?.path ?? [])].join('.'), issue?.message ?? 'is not valid');
    }
    read.set(schema, parsed.data);
    return parsed.data;
  }

  /** The target of a `$ref` within the document (RFC 6901). */
  function resolve(reference: string, path: string): Located {
    const refuse = (message: string) => unsupported(`${path}.$ref`, message);
    if (reference !== '#' && !reference.startsWith('#/'))
      throw refuse(`only references into the schema itself ("#/…") are supported, not "${reference}"`);
    let at: unknown = document;
    let where = root;
    for (const step of reference.split('/').slice(1)) {
      const name = unescaped(step);
      if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name))
        throw refuse(`"${reference}" refers to nothing`);
      at = Object.entries(at).find(([key]) => key === name)?.[1];
      where = `${where}.${name}`;
    }
    // The original object, not a parsed copy, because recursion is recognised by identity.
    if (!isSchema(at)) throw refuse(`"${reference}" does not refer to a schema`);
    return { schema: at, path: where };
  }

  /** Counts each schema that is expanded; alternatives of alternatives can multiply without end. */
  function count(): void {
    laidOut += 1;
    if (laidOut > MAX_LAID_OUT) throw unsupported(root, 'the schema is too large with its alternatives expanded');
  }

  return { keywordsOf, resolve, count };
}

function isSchema(value: unknown): value is Subschema {
  return AnySchema.safeParse(value).success;
}

function unescaped(step: string): string {
  let text = step;
  try {
    text = decodeURIComponent(step);
  } catch {
    // A percent sign that encodes nothing is kept.
  }
  return text.replaceAll('~1', '/').replaceAll('~0', '~');
}

function checkSize(document: unknown, root: string): void {
  let level: unknown[] = [document];
  let values = 0;
  for (let depth = 0; level.length > 0; depth += 1) {
    values += level.length;
    if (depth > MAX_DEPTH) throw unsupported(root, `the schema is nested deeper than ${MAX_DEPTH} levels`);
    if (values > MAX_VALUES) throw unsupported(root, `the schema has more than ${MAX_VALUES} values`);
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  }
}
