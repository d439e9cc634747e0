import { expect, test } from 'vitest';
import type { Constraint } from '../../src/contracts/responses/constraint.ts';
import { createConstraintChecker } from '../../src/grammar/check-on-thread.ts';

const json = (schema: Record<string, unknown>): Constraint => ({ type: 'json_schema', schema });
const large = (property: object) =>
  json({
    type: 'object',
    properties: Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`p${index}`, property])),
  });

test('reads large schemas while the event loop goes on, and says of each what a reading here says', {
  timeout: 60_000,
}, async () => {
  const check = createConstraintChecker();
  let turns = 0;
  const ticking = setInterval(() => {
    turns += 1;
  }, 1);
  const patterns = large({ type: 'string', pattern: '^(\\w+[ ,]?)+x$' });
  const faults = await check([patterns, large({ not: {} }), patterns]);
  clearInterval(ticking);
  // Read here, one turn could not come before the answer.
  expect(turns).toBeGreaterThan(0);
  expect(faults).toEqual([undefined, expect.objectContaining({ code: 'unsupported_constraint' }), undefined]);
  expect(faults[1]?.param).toBe('text.format.schema.properties.p0.not');
});

test('a small schema is read at once', async () => {
  const check = createConstraintChecker();
  expect(await check([json({ type: 'object' }), json({ not: {} })])).toEqual([
    undefined,
    expect.objectContaining({ code: 'unsupported_constraint', param: 'text.format.schema.not' }),
  ]);
});

test('what takes too long is refused, and the next schema is read as ever', { timeout: 120_000 }, async () => {
  const check = createConstraintChecker();
  const endless = json({
    type: 'object',
    properties: Object.fromEntries(
      Array.from({ length: 1_000 }, (_, index) => [
        `p${index}`,
        { type: 'string', pattern: `\\p{L}{1,19}\\p{Lu}${index}` },
      ]),
    ),
  });
  const [fault] = await check(Array.from({ length: 20 }, () => endless));
  expect(fault).toMatchObject({ code: 'unsupported_constraint', message: expect.stringContaining('takes too long') });
  expect(await check([large({ type: 'string' })])).toEqual([undefined]);
});
