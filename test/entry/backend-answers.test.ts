import { expect, test } from 'vitest';
import { ServiceError } from '../../src/contracts/service/service-error.ts';
import { backendAnswers } from '../../src/entry/http/start-api.ts';

test.each([
  ['answers', async () => ({ jobs: [], hasMore: false, waiting: 0 }), true],
  ['is away', () => Promise.reject(new ServiceError({ code: 'backend_unavailable', message: 'away' })), false],
])('a backend that %s', async (_what, list, answers) => {
  expect(await backendAnswers({ list })).toBe(answers);
});
