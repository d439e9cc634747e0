import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { errorReference } from '../../../src/contracts/service/error-reference.ts';
import { errorCodes } from '../../../src/contracts/service/service-error.ts';

test('docs/errors.md is what `npm run docs:errors` writes', () => {
  expect(readFileSync('docs/errors.md', 'utf8')).toBe(errorReference());
});

test('every code is in it', () => {
  for (const code of Object.keys(errorCodes)) expect(errorReference()).toContain(`\`${code}\``);
});
