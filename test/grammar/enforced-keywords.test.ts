import { describe, expect, it } from 'vitest';
import { Arena } from '../../src/grammar/expression.ts';
import { accepts } from '../../src/grammar/object-language.ts';
import { schemaLanguage } from '../../src/grammar/schema-language.ts';
import { enforcedKeywords } from '../../src/grammar/schema-reader.ts';

type Case = [keyword: string, schema: Record<string, unknown>, allowed: string[], refused: string[]];

const cases: Case[] = [
  ['type', { type: ['string', 'null'] }, ['"a"', 'null'], ['1', '[]', 'true']],
  ['enum', { enum: ['a', 2, [1, 2]] }, ['"a"', '2', '[1, 2]'], ['"b"', '[1,2]']],
  ['const', { const: { a: null } }, ['{"a": null}'], ['{}', 'null']],
  ['minLength', { type: 'string', minLength: 2 }, ['"ab"', '"\\n\\n"', '"é😀"'], ['"a"', '"😀"', '""']],
  ['maxLength', { type: 'string', maxLength: 2 }, ['"ab"', '"\\"\\\\"', '"😀😀"'], ['"abc"', '"\\n\\n\\n"']],
  ['pattern', { type: 'string', pattern: '^a"b$' }, ['"a\\"b"'], ['"a"b"', '"ab"']],
  ['pattern', { type: 'string', pattern: 'b' }, ['"abc"', '"b"'], ['"ac"', '""']],
  ['pattern', { type: 'string', pattern: '^a|b$' }, ['"ax"', '"xb"'], ['"xa"', '"bx"']],
  [
    'format',
    { type: 'string', format: 'date' },
    ['"2024-02-29"', '"2000-02-29"'],
    ['"2023-02-29"', '"1900-02-29"', '"2024-04-31"'],
  ],
  ['minimum', { type: 'integer', minimum: -12 }, ['-12', '0', '7', '123456'], ['-13', '-100', '-0', '007']],
  ['maximum', { type: 'number', maximum: 2.5 }, ['2.5', '2.49', '-7', '0.0', '2'], ['2.51', '3', '10']],
  ['exclusiveMinimum', { type: 'number', exclusiveMinimum: 0 }, ['0.1', '5'], ['0', '0.0', '-1']],
  ['exclusiveMaximum', { type: 'integer', exclusiveMaximum: 100 }, ['99', '-100'], ['100', '1000']],
  ['multipleOf', { type: 'integer', multipleOf: 12 }, ['0', '144', '-24'], ['1', '143']],
  ['multipleOf', { type: 'number', multipleOf: 0.01 }, ['0', '19.99', '-3.5'], ['1.001']],
  [
    'properties',
    { type: 'object', properties: { a: { type: 'null' }, b: {} } },
    ['{}', '{"a": null}', '{"a": null, "b": [{}]}', '{"b": 1}'],
    ['{"a": 1}', '{"b": 1, "a": null}', '{"c": 1}', '{"a": null,}'],
  ],
  ['required', { type: 'object', properties: { a: {} }, required: ['a'] }, ['{"a": 0}'], ['{}']],
  [
    'additionalProperties',
    { type: 'object', properties: { a: { type: 'null' } }, additionalProperties: { type: 'string' } },
    ['{"b": "s"}', '{"a": null, "ab": "s", "": ""}'],
    ['{"a": "s"}', '{"b": null}'],
  ],
  [
    'unevaluatedProperties',
    { type: 'object', allOf: [{ properties: { a: {} } }], unevaluatedProperties: false },
    ['{"a": 1}'],
    ['{"b": 1}'],
  ],
  [
    'patternProperties',
    { type: 'object', patternProperties: { '^x': { type: 'null' }, y$: { type: 'string' } } },
    ['{"x1": null, "1y": "s"}'],
    ['{"x1": "s"}', '{"z": 1}', '{"xy": null}'],
  ],
  [
    'propertyNames',
    { type: 'object', propertyNames: { maxLength: 2 }, additionalProperties: true },
    ['{"ab": 1}'],
    ['{"abc": 1}'],
  ],
  ['minProperties', { type: 'object', properties: { a: {}, b: {} }, minProperties: 1 }, ['{"b": 1}'], ['{}']],
  [
    'maxProperties',
    { type: 'object', additionalProperties: true, maxProperties: 1 },
    ['{}', '{"b": 1}'],
    ['{"a": 1, "b": 1}'],
  ],
  ['items', { type: 'array', items: { type: 'null' } }, ['[]', '[null, null]'], ['[1]', '[null,null]', '[null, ]']],
  ['items', { type: 'array', items: [{ type: 'null' }], additionalItems: false }, ['[]', '[null]'], ['[null, null]']],
  [
    'prefixItems',
    { type: 'array', prefixItems: [{ type: 'null' }], items: { const: 1 } },
    ['[]', '[null, 1, 1]'],
    ['[1]', '[null, null]'],
  ],
  [
    'additionalItems',
    { type: 'array', items: [{ type: 'null' }], additionalItems: { const: 1 } },
    ['[null, 1]'],
    ['[null, 2]'],
  ],
  ['unevaluatedItems', { type: 'array', prefixItems: [{ const: 1 }], unevaluatedItems: false }, ['[1]'], ['[1, 1]']],
  ['minItems', { type: 'array', items: { const: 1 }, minItems: 2 }, ['[1, 1]', '[1, 1, 1]'], ['[]', '[1]']],
  ['maxItems', { type: 'array', items: { const: 1 }, maxItems: 2 }, ['[]', '[1, 1]'], ['[1, 1, 1]']],
  ['uniqueItems', { type: 'array', items: { const: 1 }, maxItems: 1, uniqueItems: true }, ['[1]'], ['[1, 1]']],
  [
    'allOf',
    {
      allOf: [
        { type: 'number', minimum: 3 },
        { type: 'integer', maximum: 5 },
      ],
    },
    ['3', '5'],
    ['2', '6', '4.5'],
  ],
  ['anyOf', { type: 'string', anyOf: [{ maxLength: 1 }, { pattern: '^x' }] }, ['"a"', '"xyz"'], ['"ab"', '1']],
  [
    'oneOf',
    {
      oneOf: [
        { type: 'integer', maximum: 3 },
        { type: 'integer', minimum: 7 },
      ],
    },
    ['3', '7'],
    ['5'],
  ],
  [
    '$ref',
    { $ref: '#/$defs/a~1b', $defs: { 'a/b': { type: 'array', items: { $ref: '#/$defs/a~1b' } } } },
    ['[]', '[[], [[]]]'],
    ['[1]'],
  ],
];

describe('each keyword', () => {
  it.each(cases)('is enforced: %s in %j', (_keyword, schema, allowed, refused) => {
    const arena = new Arena(100_000);
    const language = schemaLanguage(arena, schema, 'schema');
    for (const text of allowed) expect(accepts(arena, language, text), `takes ${text}`).toBe(true);
    for (const text of refused) expect(accepts(arena, language, text), `refuses ${text}`).toBe(false);
  });

  it('that is said to be enforced has a case here', () => {
    const shown = new Set(cases.map(([keyword]) => keyword));
    expect([...enforcedKeywords].filter((keyword) => !shown.has(keyword))).toEqual([]);
  });
});
