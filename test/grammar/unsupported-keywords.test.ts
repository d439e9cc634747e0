import { describe, expect, it } from 'vitest';
import { refusedKeywords } from '../../src/grammar/schema-reader.ts';
import { realEngine } from './walk.ts';

const engine = realEngine();
const compile = (schema: Record<string, unknown>) => engine.compile({ type: 'json_schema', schema });
const refusal = (param: string) => ({
  code: 'unsupported_constraint',
  status: 400,
  param: `text.format.schema${param}`,
});

describe('a schema that can not be enforced', () => {
  it.each(refusedKeywords)('is refused for its keyword: %s', async (keyword) => {
    const schema = { type: 'object', properties: { x: { type: 'string', [keyword]: {} } }, required: ['x'] };
    await expect(compile(schema)).rejects.toMatchObject(refusal(`.properties.x.${keyword}`));
  });

  it.each<[why: string, param: string, schema: Record<string, unknown>]>([
    ['a misspelt keyword', '.maxLenght', { type: 'string', maxLenght: 3 }],
    ['an unknown format', '.format', { type: 'string', format: 'iban' }],
    ['a format of strings on numbers', '.format', { type: 'integer', format: 'price' }],
    ['uniqueItems', '.uniqueItems', { type: 'array', items: { type: 'integer' }, uniqueItems: true }],
    ['overlapping oneOf', '.oneOf', { oneOf: [{ type: 'number' }, { type: 'integer' }] }],
    [
      'overlapping oneOf of objects',
      '.oneOf',
      {
        oneOf: [
          { type: 'object', properties: { a: {} } },
          { type: 'object', properties: { b: {} } },
        ],
      },
    ],
    ['an odd multipleOf', '.multipleOf', { type: 'number', multipleOf: 0.3 }],
    [
      'a pattern that needs more',
      '.properties.a.pattern',
      { type: 'object', properties: { a: { type: 'string', pattern: '(a)\\1' } } },
    ],
    ['a remote reference', '.$ref', { $ref: 'https://example.com/schema.json' }],
    ['a dangling reference', '.$ref', { $ref: '#/$defs/none' }],
    ['a value of the wrong kind', '.minLength', { type: 'string', minLength: '3' }],
    ['draft 4 bounds', '.exclusiveMinimum', { type: 'number', minimum: 1, exclusiveMinimum: true }],
    ['bounds that exclude each other', '', { type: 'integer', minimum: 5, maximum: 4 }],
    ['a pattern that no length fits', '', { type: 'string', pattern: '^(ab)*$', minLength: 3, maxLength: 3 }],
    ['an endless value', '', { type: 'object', properties: { next: { $ref: '#' } }, required: ['next'] }],
    [
      'a required property that is forbidden',
      '',
      { type: 'object', properties: { a: {} }, required: ['b'], additionalProperties: false },
    ],
    ['alternatives that only refer to themselves', '.anyOf.0', { anyOf: [{ $ref: '#' }, { type: 'string' }] }],
    [
      'alternatives that refer to each other',
      '.$defs.b.anyOf.0',
      {
        $defs: {
          a: { anyOf: [{ $ref: '#/$defs/b' }, { type: 'string' }] },
          b: { anyOf: [{ $ref: '#/$defs/a' }, { type: 'null' }] },
        },
        $ref: '#/$defs/a',
      },
    ],
    ['enum beside a pattern', '.pattern', { enum: ['a', 'b'], pattern: '^a' }],
    ['more members than are sure to differ', '', { type: 'object', additionalProperties: true, minProperties: 3 }],
  ])('is refused: %s', async (_why, param, schema) => {
    await expect(compile(schema)).rejects.toMatchObject(refusal(param));
  });

  it('is refused for its size and depth, before any work', async () => {
    const deep = Array.from({ length: 200 }).reduce<Record<string, unknown>>((inner) => ({ items: inner }), {});
    await expect(compile(deep)).rejects.toMatchObject(refusal(''));
    const large = { enum: Array.from({ length: 60_000 }, (_, index) => index) };
    await expect(compile(large)).rejects.toMatchObject(refusal(''));
  });

  it('is refused where its alternatives multiply', async () => {
    const choice = {
      anyOf: Array.from({ length: 10 }, (_, index) => ({ properties: { [`p${index}`]: { type: 'string' } } })),
    };
    await expect(
      compile({ allOf: Array.from({ length: 8 }, () => ({ ...choice, anyOf: [...choice.anyOf] })) }),
    ).rejects.toMatchObject({
      code: 'unsupported_constraint',
    });
  });

  it.each(['title', 'description', 'default', 'examples', '$comment', 'x-order'])(
    'is not refused for a mere annotation: %s',
    async (keyword) => {
      await expect(compile({ type: 'string', [keyword]: ['anything'] })).resolves.toBeDefined();
    },
  );
});
