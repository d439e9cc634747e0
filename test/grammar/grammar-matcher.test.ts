import { describe, expect, it } from 'vitest';
import { allowedIds, END, MASK_WORDS, realEngine, textOf, tokens } from './walk.ts';

const engine = realEngine();
const maskOf = (matcher: { fillMask(mask: Uint32Array): boolean }): Uint32Array => {
  const mask = new Uint32Array(MASK_WORDS);
  matcher.fillMask(mask);
  return mask;
};
const idOf = (text: string): number =>
  tokens.findIndex((bytes) => bytes && Buffer.from(bytes).equals(Buffer.from(text)));

describe('a grammar matcher', () => {
  it('allows exactly the tokens that go on towards a choice, across the borders of its parts', async () => {
    const choices = ['yes', 'yesterday', 'no', 'no way', 'São Paulo', '東京', 'a\nb'];
    const matcher = (await engine.compile({ type: 'choice', choices })).createMatcher();
    const expected = (prefix: string) =>
      tokens.flatMap((bytes, id) => {
        if (id === END) return choices.includes(prefix) ? [id] : [];
        if (!bytes?.length) return [];
        const text = Buffer.concat([Buffer.from(prefix), bytes]);
        return choices.some((choice) => Buffer.from(choice).subarray(0, text.length).equals(text)) ? [id] : [];
      });
    expect(allowedIds(maskOf(matcher))).toEqual(expected(''));
    matcher.accept(idOf('yes'));
    expect(allowedIds(maskOf(matcher))).toEqual(expected('yes'));
    expect(matcher.isComplete()).toBe(true);
    expect(matcher.mustEnd()).toBe(false);
  });

  it.each([
    ['{"name": "'],
    ['{"name": "x\\'],
    ['{"name": "twenty-eight characters here.'],
    ['{"name": "abcdef", "'],
    ['{"name": "abcdef", "n": -1'],
    ['{"name": "abcdef", "n": 120, "list": [true'],
  ])('masks what accept takes, for every token, after %s', async (prefix) => {
    const schema = {
      type: 'object',
      properties: {
        name: { type: 'string', maxLength: 40 },
        n: { type: 'integer', maximum: 1234 },
        list: { type: 'array', items: { type: 'boolean' }, maxItems: 40 },
      },
      required: ['name', 'n', 'list'],
    };
    const matcher = (await engine.compile({ type: 'json_schema', schema })).createMatcher();
    for (const byte of Buffer.from(prefix)) expect(matcher.accept(idOf(String.fromCharCode(byte)))).toBe(true);
    const taken = tokens.flatMap((bytes, id) => {
      // Longer tokens are left out of masks: shorter ones spell the same.
      if ((bytes?.length ?? 0) > 32 || !matcher.accept(id)) return [];
      matcher.rollback(1);
      return [id];
    });
    expect(allowedIds(maskOf(matcher))).toEqual(taken);
  });

  it('allows the end where the text may end, there only, and nothing after it', async () => {
    const matcher = (await engine.compile({ type: 'regex', pattern: 'ab?' })).createMatcher();
    expect(matcher.accept(END)).toBe(false);
    matcher.accept(idOf('a'));
    expect(allowedIds(maskOf(matcher))).toEqual([END, idOf('b')].sort((left, right) => left - right));
    matcher.accept(idOf('b'));
    expect(matcher.mustEnd()).toBe(true);
    expect(allowedIds(maskOf(matcher))).toEqual([END]);
    expect(matcher.accept(END)).toBe(true);
    expect(allowedIds(maskOf(matcher))).toEqual([]);
    expect(matcher.accept(idOf('a'))).toBe(false);
  });

  it('rolls back to where it was, over the end too', async () => {
    const matcher = (
      await engine.compile({ type: 'json_schema', schema: { type: 'array', items: { type: 'integer' } } })
    ).createMatcher();
    const before = ['[', '1', ',', ' '].map((text) => {
      const mask = maskOf(matcher);
      matcher.accept(idOf(text));
      return mask;
    });
    matcher.rollback(2);
    expect(maskOf(matcher)).toEqual(before[2]);
    matcher.accept(idOf(']'));
    matcher.accept(END);
    matcher.rollback(2);
    expect(maskOf(matcher)).toEqual(before[2]);
    matcher.rollback(99);
    expect(maskOf(matcher)).toEqual(before[0]);
  });

  it('never allows special tokens, whatever the pattern', async () => {
    const matcher = (await engine.compile({ type: 'regex', pattern: '[^]*' })).createMatcher();
    const allowed = new Set(allowedIds(maskOf(matcher)));
    expect([0, 1, 11, 12, 13].filter((id) => allowed.has(id))).toEqual([]);
    expect(allowed.size).toBeGreaterThan(40_000);
  });

  it('tells the text that must come', async () => {
    const schema = {
      type: 'object',
      properties: { city: { type: 'string' }, day: { const: 'Friday' } },
      required: ['city', 'day'],
    };
    const matcher = (await engine.compile({ type: 'json_schema', schema })).createMatcher();
    expect(matcher.forcedText()).toBe('{"city": "');
    for (const char of '{"city": "x"') matcher.accept(idOf(char));
    expect(matcher.forcedText()).toBe(', "day": "Friday"}');
    for (const char of ', "day": "Friday"}') matcher.accept(idOf(char));
    expect(matcher.mustEnd()).toBe(true);
    expect(matcher.forcedText()).toBe('');
  });

  it('goes on after the shared automaton gave its memory back', async () => {
    const grammar = await engine.compile({ type: 'json_schema', schema: { type: 'string', maxLength: 60_000 } });
    const [long, other] = [grammar.createMatcher(), grammar.createMatcher()];
    for (const matcher of [long, other]) matcher.accept(idOf('"'));
    const first = maskOf(other);
    const word = tokens.findIndex((bytes) => bytes?.length === 16 && /^[ a-z]+$/.test(textOf([tokens.indexOf(bytes)])));
    for (let count = 0; count < 3_000; count += 1) expect(long.accept(word)).toBe(true);
    expect(maskOf(other)).toEqual(first);
    expect(maskOf(long)).toEqual(first);
    long.rollback(2_999);
    expect(maskOf(long)).toEqual(first);
  });

  it('gives up on a pattern that turns out too hard, with an error and not by hanging', async () => {
    const grammar = await engine
      .compile({ type: 'regex', pattern: `(?:${'a?'.repeat(100)}){1,90}(?=${'.*[a-c]'.repeat(60)}).*z` })
      .catch((error: unknown) => error);
    if (grammar instanceof Error) return expect(grammar).toMatchObject({ code: 'unsupported_constraint' });
    const matcher = (
      grammar as { createMatcher(): ReturnType<Awaited<ReturnType<typeof engine.compile>>['createMatcher']> }
    ).createMatcher();
    expect(() => {
      for (let count = 0; count < 500; count += 1) {
        maskOf(matcher);
        matcher.accept(idOf('a'));
      }
    }).toThrow(expect.objectContaining({ code: 'unsupported_constraint' }));
  });
});
