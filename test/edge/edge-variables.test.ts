import { describe, expect, test } from 'vitest';
import { EdgeVariables } from '../../src/edge/edge-variables.ts';

const faults = (variables: Record<string, string>) =>
  EdgeVariables.safeParse(variables).error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`);

describe('the variables of the edge', () => {
  test('take one address', () => {
    expect(faults({ REDIS_URL: 'rediss://:secret@redis.example.org:6380' })).toBeUndefined();
    expect(faults({ REDIS_URL: 'redis://one', REDIS_CLUSTER: '' })).toBeUndefined();
  });

  test.each([
    ['REDIS_URL', { REDIS_URL: 'redis://one,redis://two' }],
    ['REDIS_CLUSTER', { REDIS_URL: 'redis://one', REDIS_CLUSTER: 'redis://one,redis://two' }],
  ])('refuse a cluster in %s, and say what is before one', (name, variables) => {
    expect(faults(variables)).toEqual([expect.stringMatching(new RegExp(`^${name} .*edge.*cluster.*npm run serve`))]);
  });
});
