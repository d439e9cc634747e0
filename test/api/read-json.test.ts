import { describe, expect, test } from 'vitest';
import { checkTree } from '../../src/api/read-json.ts';
import { ServiceError } from '../../src/contracts/service-error.ts';

function faultOf(root: unknown, maxDepth = 8) {
  try {
    checkTree(root, maxDepth);
    return undefined;
  } catch (error) {
    if (error instanceof ServiceError) return { param: error.param, message: error.message };
    throw error;
  }
}

describe('checkTree', () => {
  test('passes what may stand in a body', () => {
    expect(faultOf({ a: [1, null, { b: ['x', true] }], '': '' })).toBeUndefined();
  });

  test('names the first fault as it is written, and looks at nothing behind it', () => {
    const root = {
      fine: [[['a']], { b: [] }],
      input: [{ text: 'a' }, { text: 'a\0' }],
      get behind() {
        throw new Error('read');
      },
    };
    expect(faultOf(root)).toMatchObject({ param: 'input[1].text', message: expect.stringMatching(/NUL/) });
  });

  test('a key that is a fault is named by what holds it', () => {
    expect(faultOf({ a: [{ '\ud800': 1 }] })).toMatchObject({ param: 'a[0]', message: expect.stringMatching(/half/) });
  });

  test('goes into no more levels than are allowed', () => {
    const deepest = {
      get below() {
        throw new Error('read');
      },
    };
    expect(faultOf({ a: [[deepest]] }, 3)).toMatchObject({
      param: 'a[0][0]',
      message: expect.stringMatching(/3 levels/),
    });
    expect(faultOf({ a: [[1]] }, 3)).toBeUndefined();
  });
});
