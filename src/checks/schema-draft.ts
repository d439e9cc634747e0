import { dereference } from '@cfworker/json-schema';
import { z } from 'zod';

const types = ['null', 'boolean', 'object', 'array', 'number', 'integer', 'string'] as const;
const Type = z.enum(types, { error: () => `expected one of ${types.map((name) => `'${name}'`).join(', ')}` });
const count = z.int().nonnegative().optional();
const number = z.number().optional();
const text = z.string().optional();
const Names = z.array(z.string());
const notRegular = 'expected a regular expression';
const Pattern = z.string().refine(isPattern, notRegular);

const Part: z.ZodType = z.lazy(() => z.union([z.boolean(), Keywords]));
const part = Part.optional();
const parts = z.array(Part).min(1).optional();
const named = z.record(z.string(), Part).optional();

/** Keywords that are followed by one schema. */
const single = [
  ...['not', 'if', 'then', 'else', 'contains', 'additionalItems', 'unevaluatedItems'],
  ...['propertyNames', 'additionalProperties', 'unevaluatedProperties'],
];

/** What the validator of contracts/schema-fit.ts reads: draft 2020-12, and what it takes of older ones. Other words are remarks. */
const Keywords: z.ZodType<Record<string, unknown>, Record<string, unknown>> = z.looseObject({
  ...{ $id: text, $anchor: text, $ref: text, format: text },
  type: z.union([Type, z.array(Type).min(1)]).optional(),
  enum: z.array(z.unknown()).optional(),
  pattern: Pattern.optional(),
  ...{ minimum: number, maximum: number, exclusiveMinimum: number, exclusiveMaximum: number },
  multipleOf: z.number().positive().optional(),
  ...{ minLength: count, maxLength: count, minProperties: count, maxProperties: count },
  ...{ minItems: count, maxItems: count, minContains: count, maxContains: count },
  uniqueItems: z.boolean().optional(),
  required: Names.optional(),
  dependentRequired: z.record(z.string(), Names).optional(),
  dependencies: z.record(z.string(), z.union([Names, Part])).optional(),
  ...{ properties: named, dependentSchemas: named, $defs: named, definitions: named },
  patternProperties: z
    .record(Pattern, Part, { error: ({ code }) => (code === 'invalid_key' ? notRegular : undefined) })
    .optional(),
  ...{ allOf: parts, anyOf: parts, oneOf: parts, prefixItems: parts },
  items: z.union([Part, z.array(Part)]).optional(),
  ...Object.fromEntries(single.map((word) => [word, part])),
});

/** A JSON schema that an answer can be judged by: what is in it is what its draft says, and its references lead somewhere. */
export const SchemaDraft = z.record(z.string(), z.unknown()).pipe(Keywords).superRefine(checkReferences);

type Context = z.core.$RefinementCtx<Record<string, unknown>>;

function checkReferences(schema: Record<string, unknown>, context: Context): void {
  let places: ReturnType<typeof dereference>;
  try {
    places = dereference(structuredClone(schema));
  } catch {
    context.addIssue({ code: 'custom', message: 'expected each name ($id) to be an address with a single part' });
    return;
  }
  for (const [address, place] of Object.entries(places)) {
    if (typeof place === 'boolean' || place.__absolute_ref__ === undefined) continue;
    if (places[place.__absolute_ref__] !== undefined) continue;
    const message = `this schema has nothing at '${place.$ref}'`;
    context.addIssue({ code: 'custom', path: [...pathOf(address), '$ref'], message });
    return;
  }
}

/** `…#/$defs/a~1b/0` as its keys. */
function pathOf(address: string): Array<string | number> {
  const [, pointer = ''] = address.split('#/');
  return pointer
    .split('/')
    .filter((key) => key !== '')
    .map((key) => decodeURI(key).replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((key) => (/^\d+$/.test(key) ? Number(key) : key));
}

function isPattern(source: string): boolean {
  try {
    return new RegExp(source, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}
