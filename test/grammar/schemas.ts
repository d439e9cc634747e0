/** Schemas of the kinds that callers send, all of them enforced; walks and the bench go over them. */
type Schema = Record<string, unknown>;

const string: Schema = { type: 'string' };
const integer: Schema = { type: 'integer' };
const number: Schema = { type: 'number' };
const object = (properties: Schema, required: string[] = Object.keys(properties), more: Schema = {}): Schema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
  ...more,
});
const list = (items: Schema, more: Schema = {}): Schema => ({ type: 'array', items, ...more });
const wide = (count: number, schema: Schema): Schema =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`field_${index}`, schema]));

export const schemas: Readonly<Record<string, Schema>> = {
  answer: object({ answer: number }),
  answerText: object({ answer: string }),
  steps: object({ steps: list(object({ explanation: string, output: string })), final_answer: string }),
  person: object({
    name: string,
    age: { type: 'integer', minimum: 0, maximum: 120 },
    email: { type: 'string', format: 'email' },
  }),
  optional: object({ a: string, b: integer, c: { type: 'boolean' } }, ['b']),
  allOptional: object({ a: integer, b: integer, c: integer }, []),
  openObject: { type: 'object' },
  untyped: {},
  propertiesOnly: { properties: { a: integer }, required: ['a'] },
  additional: {
    type: 'object',
    properties: { a: integer },
    required: ['a'],
    additionalProperties: { type: 'boolean' },
  },
  dictionary: { type: 'object', additionalProperties: number, minProperties: 1, maxProperties: 3 },
  patternKeys: {
    type: 'object',
    patternProperties: { '^x-[a-z]{1,5}$': integer, '^[0-9]+$': string },
    additionalProperties: false,
  },
  patternAndNamed: {
    type: 'object',
    properties: { ab: { minimum: 3 } },
    patternProperties: { '^a': integer },
    required: ['ab'],
    additionalProperties: { type: 'null' },
  },
  propertyNames: {
    type: 'object',
    propertyNames: { pattern: '^[a-z]+$', maxLength: 6 },
    additionalProperties: integer,
  },
  enumKeys: { type: 'object', propertyNames: { enum: ['red', 'green'] }, additionalProperties: integer },
  minProperties: object({ a: integer, b: integer, c: integer, d: integer }, [], { minProperties: 2, maxProperties: 3 }),
  colors: { enum: ['red', 'green', 'blue', 1, null, { a: [1, 'x'] }] },
  constant: object({ kind: { const: 'circle' }, radius: { type: 'number', exclusiveMinimum: 0 } }),
  typedEnum: object({ unit: { type: 'string', enum: ['celsius', 'fahrenheit'] }, n: { enum: [1, 2, 3], minimum: 2 } }),
  boundedString: { type: 'string', minLength: 3, maxLength: 12 },
  longString: object({ text: { type: 'string', maxLength: 300 } }),
  exactLength: { type: 'string', minLength: 5, maxLength: 5 },
  zip: { type: 'string', pattern: '^[0-9]{5}(-[0-9]{4})?$' },
  unanchored: { type: 'string', pattern: 'cat|dog', maxLength: 20 },
  quotes: { type: 'string', pattern: '^"[a-z\\\\]+"\\n$' },
  patternAndLength: { type: 'string', pattern: '^[a-z]+( [a-z]+)*$', minLength: 8, maxLength: 30 },
  lookahead: { type: 'string', pattern: '^(?=.*[0-9])(?=.*[A-Z])(?!.*x)[A-Za-z0-9]{4,12}$' },
  unicode: { type: 'string', pattern: '^[\\p{L}é]{2,6}[\\u4e00-\\u9fff]\\s?$' },
  date: { type: 'string', format: 'date' },
  dateTime: { type: 'string', format: 'date-time' },
  time: { type: 'string', format: 'time' },
  duration: { type: 'string', format: 'duration' },
  uuid: { type: 'string', format: 'uuid' },
  ipv4: { type: 'string', format: 'ipv4' },
  ipv6: { type: 'string', format: 'ipv6' },
  hostname: { type: 'string', format: 'hostname' },
  email: { type: 'string', format: 'email' },
  uri: { type: 'string', format: 'uri' },
  range: { type: 'integer', minimum: -17, maximum: 2340 },
  negative: { type: 'integer', exclusiveMaximum: -5, minimum: -1000 },
  decimals: { type: 'number', minimum: -0.5, exclusiveMaximum: 12.75 },
  tiny: { type: 'number', exclusiveMinimum: 0, maximum: 0.003 },
  half: { type: 'number', minimum: 1.5 },
  multiple: { type: 'integer', multipleOf: 7, minimum: 20, maximum: 500 },
  int32: { type: 'integer', format: 'int32' },
  integers: list(integer, { minItems: 2, maxItems: 200 }),
  exactItems: list({ type: 'boolean' }, { minItems: 3, maxItems: 3 }),
  tuple: { type: 'array', prefixItems: [integer, string, { type: 'null' }], items: false, minItems: 2 },
  tupleAndRest: { type: 'array', prefixItems: [string], items: integer, minItems: 1 },
  matrix: list(list(number, { minItems: 2, maxItems: 2 }), { maxItems: 4 }),
  nullable: object({ note: { type: ['string', 'null'] }, n: { anyOf: [integer, { type: 'null' }] } }),
  anyOf: { anyOf: [object({ a: integer }), object({ b: string }), { type: 'array', items: integer }] },
  anyOfWithBase: {
    type: 'object',
    properties: { a: integer, b: integer },
    anyOf: [{ required: ['a'] }, { required: ['b'] }],
  },
  discriminated: { oneOf: [object({ kind: { const: 'a' }, n: integer }), object({ kind: { const: 'b' }, s: string })] },
  oneOfTypes: { oneOf: [string, integer, { type: 'null' }] },
  allOf: {
    allOf: [
      { type: 'object', properties: { a: integer }, required: ['a'] },
      { properties: { b: string, a: { maximum: 9 } }, required: ['b'] },
    ],
  },
  refWithSiblings: {
    $defs: { s: { type: 'string', pattern: '^[a-z]+$' } },
    type: 'object',
    properties: { x: { $ref: '#/$defs/s', minLength: 2, maxLength: 4 } },
    required: ['x'],
  },
  linked: {
    $ref: '#/$defs/node',
    $defs: { node: object({ value: integer, next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } }) },
  },
  tree: object({ name: string, children: list({ $ref: '#' }, { maxItems: 3 }) }),
  expression: {
    $ref: '#/$defs/e',
    $defs: {
      e: {
        anyOf: [
          number,
          object({ op: { enum: ['+', '-', '*'] }, left: { $ref: '#/$defs/e' }, right: { $ref: '#/$defs/e' } }),
        ],
      },
    },
  },
  wide: object(wide(60, string)),
  wideOptional: object(wide(60, integer), []),
  deep: Array.from({ length: 12 }).reduce<Schema>((inner, _, index) => object({ [`level_${index}`]: inner }), integer),
  tool: object({
    name: { const: 'get_weather' },
    arguments: object(
      { city: string, unit: { enum: ['c', 'f'] }, days: { type: 'integer', minimum: 1, maximum: 14 } },
      ['city'],
    ),
  }),
  order: object({
    id: { type: 'string', format: 'uuid' },
    created: { type: 'string', format: 'date-time' },
    customer: object({ name: { type: 'string', minLength: 1, maxLength: 80 }, vip: { type: 'boolean' } }),
    lines: list(
      object({
        sku: { type: 'string', pattern: '^[A-Z]{3}-\\d{4}$' },
        quantity: { type: 'integer', minimum: 1, maximum: 99 },
        price: { type: 'number', minimum: 0 },
      }),
      { minItems: 1, maxItems: 50 },
    ),
    total: { type: 'number', minimum: 0 },
    notes: { type: ['string', 'null'], maxLength: 500 },
  }),
};
