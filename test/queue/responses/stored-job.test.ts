import { describe, expect, test } from 'vitest';
import { isJobId, loadJob, ownerKey, storeJob } from '../../../src/queue/responses/stored-job.ts';
import { makeJob } from '../../support/queue-jobs.ts';

describe('a stored job', () => {
  test('holds nothing that jsonb refuses, and comes back whole', () => {
    const job = makeJob({ body: { input: '\u0000 \ud800' } });
    const stored = JSON.stringify(storeJob(job, 'nonce'));
    expect(stored).not.toMatch(/(?<!\\)(\\\\)*\\u(0000|d800)/);
    expect(loadJob(JSON.parse(stored))).toEqual(job);
  });

  test('keeps owners apart, whatever they are called', () => {
    const owners = [null, '', 'none', 'a:b', 'A', 'a'];
    expect(new Set(owners.map(ownerKey)).size).toBe(owners.length);
  });

  test.each([
    ['resp_0a', true],
    ['r', true],
    ['', false],
    ['7', false],
    ['a:b', false],
    ['a b', false],
    ['a\u0000', false],
    ['a'.repeat(129), false],
  ])('%j is an id: %s', (id, expected) => {
    expect(isJobId(id)).toBe(expected);
  });
});
