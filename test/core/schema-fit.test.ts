import { expect, test } from 'vitest';
import { schemaFit } from '../../src/core/schema-fit.ts';

const twice = (levels: number) =>
  Object.fromEntries(
    Array.from({ length: levels }, (_, level) => {
      const next = { $ref: `#/$defs/d${level + 1}` };
      return [`d${level}`, level === levels - 1 ? { type: 'string' } : { allOf: [next, next] }];
    }),
  );
const nested = JSON.parse(`${'['.repeat(60)}${']'.repeat(60)}`);
const evil: Array<[string, Record<string, unknown>, unknown]> = [
  ['a pattern that backtracks', { type: 'string', pattern: '^(a+)+$' }, `${'a'.repeat(60)}!`],
  ['another', { pattern: '^(\\w+\\s?)*$' }, `${'word '.repeat(40)}!`],
  ['names of properties', { patternProperties: { '^(a|a)*b$': {} } }, { ['a'.repeat(60)]: 1 }],
  ['references that double', { $ref: '#/$defs/d0', $defs: twice(40) }, 1],
  [
    'a branch at every depth',
    {
      $defs: {
        n: {
          anyOf: [
            { items: { $ref: '#/$defs/n' }, minItems: 9 },
            { items: { $ref: '#/$defs/n' }, minItems: 9 },
          ],
        },
      },
      $ref: '#/$defs/n',
    },
    nested,
  ],
  ['a reference to itself', { $ref: '#' }, 1],
  ['references that go round', { $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' }, 1],
  ['many unique items', { uniqueItems: true }, Array.from({ length: 20_000 }, (_, index) => ({ index }))],
  ['a pattern that is none', { pattern: '(' }, 'a'],
  ['a reference to nothing', { $ref: '#/$defs/none' }, 1],
  ['a type that is none', { type: 7 }, 1],
];

/** A thread may be slow to start while other tests run. */
const timeout = 60_000;

test.each(evil)('%s ends', { timeout }, async (_, schema, value) => {
  const { fits } = await schemaFit(schema, value);
  expect([true, false, 'unknown']).toContain(fits);
});

test('what took too long is not run again', { timeout }, async () => {
  const [, schema, value] = evil[0] ?? ['', {}, 1];
  const late = { fits: 'unknown', reason: expect.stringContaining('too long') };
  expect(await schemaFit(schema, value)).toMatchObject(late);
  expect(await schemaFit(schema, 'aaa')).toMatchObject(late);
});

test('this process has next to nothing to do while a schema takes its time, and the next one is judged', {
  timeout,
}, async () => {
  const [, schema, value] = evil[0] ?? ['', {}, 1];
  expect(await schemaFit({ type: 'number' }, 1)).toEqual({ fits: true });
  const before = performance.eventLoopUtilization();
  expect(await schemaFit({ ...schema, title: 'another one' }, value)).toMatchObject({ fits: 'unknown' });
  expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.4);
  expect(await schemaFit({ type: 'number' }, 1)).toEqual({ fits: true });
});

test.each([
  [{ type: 'object', required: ['a'] }, { a: 1 }, true],
  [{ type: 'object', required: ['a'] }, { b: 1 }, false],
  [{ type: 'string', pattern: '^\\d{3}$' }, '123', true],
])('%j and %j: %s', { timeout }, async (schema, value, fits) => {
  expect((await schemaFit(schema, value)).fits).toBe(fits);
});
