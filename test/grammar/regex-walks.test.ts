import { describe, expect, it } from 'vitest';
import { randomWalk, realEngine } from './walk.ts';

const engine = realEngine();
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

describe('answers along the masks of a pattern', () => {
  it.each([
    ['yes|no'],
    ['(?:The answer is )?-?\\d{1,4}(?:\\.\\d{2})?'],
    ['[A-Z][a-z]{2,8}(?: [A-Z][a-z]{2,8}){0,3}'],
    ['\\w{1,9}@\\w{1,9}\\.(?:com|org)'],
    ['(a|b)*a(a|b){6}'],
    ['(?:a{1,3}){2,4}'],
    ['(a?){20}b'],
    ['[^\\n\\p{L}]{1,5}'],
    ['\\u{1F600}[\\u{1F601}-\\u{1F64F}]+?\\x41'],
    ['(?=.*\\d)(?!.*00)[a-f0-9]{6,10}'],
    ['^(?<year>\\d{4})-\\d\\d$'],
    ['[\\]\\-^a]{3}\\.\\*\\/'],
    ['.{1,4}\\s\\S\\D\\W'],
    ['x(?:y|)z|\\t'],
  ])('match it whole: %s', async (pattern) => {
    const grammar = await engine.compile({ type: 'regex', pattern });
    const whole = new RegExp(`^(?:${pattern})$`, 'u');
    const texts = SEEDS.map((seed) => randomWalk(grammar.createMatcher(), seed)).filter((text) => text !== undefined);
    expect(texts.length).toBeGreaterThan(2);
    for (const text of texts) expect(text).toMatch(whole);
  });

  it.each([
    ['(a)\\1', 'backreference'],
    ['\\bword\\b', 'word boundary'],
    ['(?<=a)b', 'lookbehind'],
    ['(a(?=b))c', 'lookahead inside a group'],
    ['a^b', '"^"'],
    ['a$b', '"$"'],
    ['(', 'valid regular expression'],
    ['(a{1,1000}){1,1000}', 'too large'],
    ['((((a{1,99}){1,99}){1,99}){1,99}){1,99}', 'too large'],
    ['a{1,200000}', 'quantifier above'],
    [`${'('.repeat(70)}a${')'.repeat(70)}`, 'nesting'],
    [`[${'ab'.repeat(3000)}]`, 'more than 4096 characters'],
    ['(?=a)b', 'no text'],
    ['(?:)', 'empty text'],
  ])('refuses %s', async (pattern, message) => {
    await expect(engine.compile({ type: 'regex', pattern })).rejects.toMatchObject({
      code: 'unsupported_constraint',
      status: 400,
      param: 'text.format.pattern',
      message: expect.stringContaining(message),
    });
  });
});
