import { expect, test } from 'vitest';
import { pulledQueues, queueName } from '../../src/queue/queue-names.ts';

const tier = 'default' as const;

test('no two models share a queue, and a name without colon or per cent is as it was', () => {
  const models = ['a:b', 'a_b', 'a%3Ab', 'a%b', 'org/model-1.5', 'a.default'];
  const names = models.map((model) => queueName('responses', { model, tier }));
  expect(new Set(names).size).toBe(models.length);
  for (const name of names) expect(name).not.toContain(':');
  expect(queueName('responses', { model: 'org/model-1.5', tier })).toBe('responses.org/model-1.5.default');
});

test('a worker pulls each queue of its models once', () => {
  const names = pulledQueues('responses', ['a:b', 'a_b', 'tiny']).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => name.endsWith('.default')).sort()).toEqual([
    'responses.a%3Ab.default',
    'responses.a_b.default',
    'responses.tiny.default',
  ]);
});
