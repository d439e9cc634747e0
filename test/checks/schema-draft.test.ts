import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SchemaDraft } from '../../src/checks/schema-draft.ts';
import { CreateResponse } from '../../src/contracts/responses/create-response.ts';
import { Response } from '../../src/contracts/responses/response.ts';

describe('SchemaDraft', () => {
  it.each([
    [{}],
    [z.toJSONSchema(Response)],
    [z.toJSONSchema(CreateResponse, { io: 'input' })],
    [{ type: ['string', 'null'], format: 'made-up', 'x-remark': { any: ['thing'] }, title: 'A' }],
    [
      {
        properties: { type: { const: 'a' }, $ref: { type: 'string' } },
        required: ['type'],
        additionalProperties: false,
      },
    ],
    [{ $ref: '#/$defs/a~1b', $defs: { 'a/b': { items: { $ref: '#' } } } }],
    [{ $ref: '#named', $defs: { a: { $anchor: 'named', enum: [1, null] } } }],
    [
      {
        $id: 'https://example.org/a',
        properties: { a: { $ref: 'https://example.org/a#/$defs/b' } },
        $defs: { b: true },
      },
    ],
    [
      {
        items: [{ type: 'string' }, true],
        additionalItems: false,
        dependencies: { a: ['b'], c: { minProperties: 1 } },
      },
    ],
  ])('takes %j', (schema) => {
    expect(SchemaDraft.safeParse(schema).error).toBeUndefined();
  });

  it.each([
    ['type', { type: 'text' }],
    ['properties.a.type', { properties: { a: { type: 'text' } } }],
    ['properties.a', { properties: { a: 'string' } }],
    ['properties', { properties: ['a'] }],
    ['items.anyOf.1.minLength', { items: { anyOf: [true, { minLength: -1 }] } }],
    ['allOf', { allOf: [] }],
    ['required', { required: 'a' }],
    ['enum', { enum: 'a' }],
    ['multipleOf', { multipleOf: 0 }],
    ['pattern', { pattern: '(' }],
    ['patternProperties.(', { patternProperties: { '(': true } }],
    ['$ref', { $ref: '#/$defs/a', $defs: {} }],
    ['$defs.a/b.items.0.$ref', { $defs: { 'a/b': { items: [{ $ref: 'https://example.org/b' }] } } }],
    ['', { allOf: [{ $anchor: 'a', $id: 'b' }, { $id: 'b' }] }],
  ])('refuses %s of %j', (path, schema) => {
    const error = SchemaDraft.safeParse(schema).error;
    expect(deepest(error?.issues ?? [])).toContain(path);
  });
});

/** A union's fault is that of one of its alternatives. */
function deepest(issues: readonly z.core.$ZodIssue[], before: readonly PropertyKey[] = []): string[] {
  return issues.flatMap((issue) => {
    const path = [...before, ...issue.path];
    if (issue.code === 'invalid_union') return issue.errors.flatMap((branch) => deepest(branch, path));
    return [path.join('.')];
  });
}
