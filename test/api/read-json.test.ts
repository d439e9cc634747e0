import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { checkTree, parseTree, readForm } from '../../src/api/read-request.ts';
import { parseBody } from '../../src/api/validation-error.ts';
import { ServiceError } from '../../src/contracts/service/service-error.ts';

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

describe('parseTree', () => {
  const limits = { bodyDepth: 8, bodyValues: 5 };
  const read = (text: string) => {
    try {
      return parseTree(Buffer.from(text), limits);
    } catch (error) {
      if (error instanceof ServiceError) return { param: error.param, code: error.code };
      throw error;
    }
  };
  const refused = (param?: string) => ({ code: 'invalid_value', param });

  test.each([
    ['{"a":[1,2,3]}', { a: [1, 2, 3] }],
    ['{"a":[],"b":{},"c":[ ]}', { a: [], b: {}, c: [] }],
    ['{"a":"[,,,{,,\\",,,","b":"\\\\"}', { a: '[,,,{,,",,,', b: '\\' }],
    ['{"a":[1,2,3,4]}', refused('a')],
    ['{"b":{"a":[]},"a":[[],[],[],[]]}', refused('a')],
    ['{"a":1,"b":2,"c":3,"d":4,"e":5}', refused('d')],
    ['[1,2,3,4,5]', refused()],
    // Before it is parsed: the fault at its end is not met.
    ['{"input":[{},{},{},{},{},{},', refused('input')],
    ['{"input":[{},', { code: 'invalid_json', param: undefined }],
    ['"', { code: 'invalid_json', param: undefined }],
    ['"\\', { code: 'invalid_json', param: undefined }],
  ])('%s', (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  test('an object of too many fields is named', () => {
    const metadata = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`k${index}`, '']));
    expect(faultOf({ metadata })).toMatchObject({ param: 'metadata', message: expect.stringMatching(/4096 fields/) });
  });
});

describe('parseBody', () => {
  test('makes no issue for each fault, and names the first', () => {
    let issues = 0;
    const item = z.object({ a: z.string() }, { error: () => void issues++ });
    const schema = z.object({ input: z.union([z.string(), z.array(item)]) });
    const body = { input: [{ a: 'x' }, ...Array.from({ length: 10_000 }, () => 0)] };
    expect(() => parseBody(schema, body)).toThrow(expect.objectContaining({ param: 'input[1]' }));
    expect(issues).toBeLessThan(4);
  });
});

describe('readForm', () => {
  const form = (parts: number) =>
    new TextEncoder().encode(
      `${'--bar\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'.repeat(parts)}--bar--\r\n`,
    );

  test.each([
    'boundary=bar',
    'boundary="bar"',
    'boundary=bar ; charset=utf-8',
    'boundary="b\\ar"',
    'x="; boundary=foo"; boundary=bar',
    'boundary=bar; boundary=foo',
  ])('counts the parts that the parser finds, however the header spells the boundary: %s', async (boundary) => {
    const type = `multipart/form-data; ${boundary}`;
    expect([...(await readForm(form(64), type))]).toHaveLength(64);
    await expect(readForm(form(65), type)).rejects.toThrow('at most 64 parts');
  });

  test('refuses what has no boundary', async () => {
    await expect(readForm(form(1), 'multipart/form-data')).rejects.toMatchObject({ code: 'invalid_value' });
  });
});
