import { z } from 'zod';
import { unsupported } from './unsupported.ts';

const count = z.int().nonnegative();
/** A schema inside a schema; it is parsed when it is reached. */
export const Subschema = z.union([z.boolean(), z.record(z.string(), z.unknown())]);
export type Subschema = z.infer<typeof Subschema>;
export const TypeName = z.enum(['null', 'boolean', 'integer', 'number', 'string', 'object', 'array']);
export type TypeName = z.infer<typeof TypeName>;
const named = z.record(z.string(), Subschema);

/** The supported keywords of JSON Schema (2020-12, with draft 7's spellings), and their values. */
export const SchemaKeywords = z
  .object({
    type: z.union([TypeName, z.array(TypeName).min(1)]),
    enum: z.array(z.unknown()).min(1),
    const: z.unknown(),
    minLength: count,
    maxLength: count,
    pattern: z.string(),
    format: z.string(),
    minimum: z.number(),
    maximum: z.number(),
    exclusiveMinimum: z.number(),
    exclusiveMaximum: z.number(),
    multipleOf: z.number().positive(),
    properties: named,
    patternProperties: named,
    additionalProperties: Subschema,
    unevaluatedProperties: z.boolean(),
    propertyNames: Subschema,
    required: z.array(z.string()),
    minProperties: count,
    maxProperties: count,
    items: z.union([Subschema, z.array(Subschema)]),
    prefixItems: z.array(Subschema),
    additionalItems: Subschema,
    unevaluatedItems: z.boolean(),
    minItems: count,
    maxItems: count,
    uniqueItems: z.boolean(),
    allOf: z.array(Subschema).min(1),
    anyOf: z.array(Subschema).min(1),
    oneOf: z.array(Subschema).min(1),
    $ref: z.string(),
  })
  .partial();
export type SchemaKeywords = z.infer<typeof SchemaKeywords>;
export const enforcedKeywords: ReadonlySet<string> = new Set(Object.keys(SchemaKeywords.shape));

/** Keywords that assert nothing (JSON Schema 2020-12, annotations and places for definitions). */
const annotations: ReadonlySet<string> = new Set([
  '$schema',
  '$comment',
  '$defs',
  'definitions',
  'title',
  'description',
  'default',
  'examples',
  'example',
  'deprecated',
  'readOnly',
  'writeOnly',
]);

/** Known assertion keywords that are not supported; unknown ones are refused as well. */
export const refusedKeywords: readonly string[] = [
  'not',
  'if',
  'then',
  'else',
  'contains',
  'minContains',
  'maxContains',
  'dependentRequired',
  'dependentSchemas',
  'dependencies',
  'contentEncoding',
  'contentMediaType',
  'contentSchema',
  '$id',
  '$anchor',
  '$dynamicRef',
  '$dynamicAnchor',
  '$recursiveRef',
  '$recursiveAnchor',
  '$vocabulary',
  'nullable',
  'discriminator',
];

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
    const parsed = SchemaKeywords.safeParse(schema);
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
  return Subschema.safeParse(value).success;
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
