import { describe, expect, it, test } from 'vitest';
import { createThoughtLines } from '../../src/models/thought-lines.ts';

/** In one piece, and character by character. */
function read(text: string) {
  const whole = createThoughtLines(text);
  const pieces = createThoughtLines('');
  for (const character of text) pieces.push(character);
  expect([pieces.line, pieces.equals, pieces.inCode]).toEqual([whole.line, whole.equals, whole.inCode]);
  return whole;
}

it('knows the last line', () => {
  expect(read('').line).toBe('');
  expect(read('one\ntwo').line).toBe('two');
  expect(read('one\n').line).toBe('');
});

test.each([
  ['2 + 2 =', true],
  ['=', true],
  ['a\n=', true],
  ['2 + 2 = ', false],
  ['2 + 2 =\n', false],
  ['2 + 2 ==', false],
  ['2 + 2 ===', false],
  ['2 + 2 <=', false],
  ['2 + 2 >=', false],
  ['2 + 2 !=', false],
  ['2 + 2 =>', false],
])('an equals sign of its own at the end of %j: %j', (text, expected) => {
  expect(read(text).equals).toBe(expected);
});

describe('code', () => {
  test.each([
    ['a fence', '```\nx', true],
    ['a fence with a language', 'So:\n```python\nx = 1', true],
    ['tildes', '~~~\nx', true],
    ['a fence in a list', '- ```\nx', true],
    ['an indented fence in a numbered list', '1. See:\n   ```js\nx', true],
    ['the fence’s own line', '```x', true],
    ['after the fence', '```\nx\n```\ny', false],
    ['after an indented one', '  ```\n  x\n  ```  \ny', false],
    ['a shorter fence does not close a longer one', '````\n```\ny', true],
    ['tildes do not close backticks', '```\n~~~\ny', true],
    ['a fence with a language does not close', '```\n```js\ny', true],
    ['code within a line is no fence', '```x = 1``` is code\ny', false],
    ['a line that has it', 'Write ```x', true],
    ['no code', 'x\ny', false],
  ])('%s', (_name, text, expected) => {
    expect(read(text).inCode).toBe(expected);
  });
});
