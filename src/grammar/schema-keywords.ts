import { z } from 'zod';

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
export const annotations: ReadonlySet<string> = new Set([
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
