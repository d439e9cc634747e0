import { expect, test } from 'vitest';
import { ServiceError } from '../../src/contracts/service/service-error.ts';
import { errorForLog } from '../../src/entry/logger.ts';

function parseFault(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error;
  }
}

test('what an error quotes is not logged, its kind and place are', () => {
  const logged = errorForLog(parseFault('quokka ocelot'));
  expect(JSON.stringify(logged)).not.toMatch(/quok|ocelot/);
  expect(logged).toMatchObject({
    type: 'SyntaxError',
    frames: expect.arrayContaining([expect.stringContaining('error-for-log.test')]),
  });
});

test('our own errors and the system’s say what they say; fields beside the code are left out', () => {
  const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), {
    code: 'ECONNREFUSED',
    syscall: 'connect',
    body: 'quokka',
  });
  const logged = errorForLog(new ServiceError({ code: 'backend_unavailable', message: "It is 'away'.", cause }));
  expect(logged).toMatchObject({
    type: 'ServiceError',
    message: "It is 'away'.",
    cause: { message: 'connect ECONNREFUSED 127.0.0.1:1', code: 'ECONNREFUSED' },
  });
  expect(JSON.stringify(logged)).not.toContain('quokka');
});

test.each([['a thrown text'], [undefined], [{ says: 'quokka' }]])('%j is no error, and not shown', (thrown) => {
  expect(errorForLog(thrown)).toMatch(/^thrown: /);
});

test('causes that go round end', () => {
  const error = new Error('a');
  error.cause = error;
  expect(JSON.stringify(errorForLog(error)).length).toBeLessThan(20_000);
});
