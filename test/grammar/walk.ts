import { readFileSync } from 'node:fs';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { createGrammarEngine } from '../../src/grammar/grammar-engine.ts';
import type { GrammarMatcher } from '../../src/grammar/grammar-matcher.ts';
import { createModelTokenizer } from '../../src/models/local/folder/tokenizer.ts';

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../models/thinkfirst-135m/${name}.json`, import.meta.url), 'utf8'));
const { textBytesOf } = createModelTokenizer({ tokenizer: read('tokenizer'), config: read('tokenizer_config') }, '');

/** The embedded model's own vocabulary: 49,152 byte-level tokens. */
export const tokens = Array.from({ length: 49_152 }, (_, id) => textBytesOf?.(id));
export const vocabulary = { size: tokens.length, bytesOf: (id: number) => tokens[id], endTokenIds: [2] };
export const [END = 2] = vocabulary.endTokenIds;
export const MASK_WORDS = Math.ceil(tokens.length / 32);

export function realEngine() {
  return createGrammarEngine({ vocabulary });
}

export function allowedIds(mask: Uint32Array): number[] {
  const ids: number[] = [];
  mask.forEach((word, index) => {
    for (let bits = word; bits !== 0; bits &= bits - 1) ids.push(index * 32 + 31 - Math.clz32(bits & -bits));
  });
  return ids;
}

export function textOf(ids: readonly number[]): string {
  return Buffer.concat(ids.map((id) => tokens[id] ?? new Uint8Array())).toString('utf8');
}

/** Tokens that close something, preferred half of the time, or random text would hardly ever end. */
const closing = tokens.flatMap((bytes, id) =>
  bytes && /["}\]]/.test(Buffer.from(bytes).toString('latin1')) ? [id] : [],
);

function allows(mask: Uint32Array, id: number): boolean {
  return (((mask[id >>> 5] ?? 0) >>> (id & 31)) & 1) === 1;
}

/** A random answer along the masks. @returns its text, or undefined if it didn't end within `maxTokens` */
export function randomWalk(matcher: GrammarMatcher, seed: number, maxTokens = 1500): string | undefined {
  const random = xoroshiro128plus(seed);
  const mask = new Uint32Array(MASK_WORDS);
  const ids: number[] = [];
  const oneOf = (from: readonly number[]): number | undefined =>
    from[uniformInt(random, 0, Math.max(0, from.length - 1))];
  /** Where much is allowed, a few draws find some of it; else all are listed. */
  const any = (): number => {
    for (let draw = 0; draw < 20; draw += 1) {
      const id = uniformInt(random, 0, tokens.length - 1);
      if (allows(mask, id)) return id;
    }
    return oneOf(allowedIds(mask)) ?? END;
  };
  while (ids.length < maxTokens) {
    matcher.fillMask(mask);
    const preferred = uniformInt(random, 0, 1) === 0 ? [...closing, END].filter((id) => allows(mask, id)) : [];
    const id = oneOf(preferred) ?? any();
    if (!matcher.accept(id))
      throw new Error(`the mask allows ${id} after ${JSON.stringify(textOf(ids))}, accept refuses it`);
    if (id === END) return textOf(ids);
    ids.push(id);
  }
  return undefined;
}
