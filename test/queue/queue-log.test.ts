import { expect, test } from 'vitest';
import { createErrorReporter } from '../../src/queue/open-queues.ts';

test('tells a repeated error once, and another one too', () => {
  const told: string[] = [];
  const report = createErrorReporter({ warn: (_fields, message) => told.push(message) });
  for (const message of ['refused', 'refused', 'reset', 'refused']) report(new Error(message));
  expect(told).toEqual(['queue: refused', 'queue: reset']);
});
