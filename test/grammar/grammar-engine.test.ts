import { describe, expect, it } from 'vitest';
import { createGrammarEngine } from '../../src/grammar/grammar-engine.ts';
import { randomWalk, realEngine, vocabulary } from './walk.ts';

describe('the grammar engine', () => {
  it('compiles equal constraints once, and forgets the least recently used', async () => {
    const engine = createGrammarEngine({ vocabulary, cacheSize: 2 });
    const choice = (...choices: string[]) => engine.compile({ type: 'choice', choices });
    const first = await choice('a', 'b');
    await choice('c');
    expect(await choice('a', 'b')).toBe(first);
    await choice('d');
    expect(await choice('a', 'b')).toBe(first);
    await choice('e');
    await choice('f');
    expect(await choice('a', 'b')).not.toBe(first);
  });

  it('holds json_object to one object', async () => {
    const grammar = await realEngine().compile({ type: 'json_object' });
    const texts = [1, 2, 3, 4, 5, 6]
      .map((seed) => randomWalk(grammar.createMatcher(), seed))
      .filter((text) => text !== undefined);
    expect(texts.length).toBeGreaterThan(2);
    for (const text of texts) expect(JSON.parse(text)).toBeTypeOf('object');
    for (const text of texts) expect(text).toMatch(/^\{.*\}$/);
  });

  it('keeps the order of choices out of what they allow, and takes each of them', async () => {
    const choices = ['Paris', 'Par', '"quoted"', 'a b', 'ünïcode'];
    const grammar = await realEngine().compile({ type: 'choice', choices });
    const seen = new Set(Array.from({ length: 60 }, (_, seed) => randomWalk(grammar.createMatcher(), seed)));
    expect([...seen].sort()).toEqual([...choices].sort());
  });
});
