import { expect, it } from 'vitest';
import { judge } from './judge.ts';

it.each([
  ['1 + 1 = 2', '1 equation holds'],
  ['1 + 1 = 2\n2 + 2 = 4', '2 equations hold'],
])('of one, a check speaks in the singular: %s: %s', async (thought, detail) => {
  expect(await judge('arithmetic', { thought })).toMatchObject({ detail });
});
