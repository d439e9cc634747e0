import { createHash } from 'node:crypto';
import type { Constraint } from '../contracts/responses/constraint.ts';
import type { CompiledGrammar } from './compiled-grammar.ts';
import { compileGrammar } from './compiled-grammar.ts';
import { createTokenTrie, type TokenVocabulary } from './token-trie.ts';

/** What the engine must know of a tokenizer. */
export type GrammarVocabulary = TokenVocabulary & {
  /** Ids that end an answer. */
  endTokenIds: readonly number[];
};

export type GrammarEngine = {
  /** @throws ServiceError `unsupported_constraint`, `param` naming what can't be enforced */
  compile(constraint: Constraint): Promise<CompiledGrammar>;
};

/** Grammars kept, the least recently used going first, and expressions in all of them together. */
const DEFAULT_CACHE_SIZE = 32;
const MAX_CACHED_EXPRESSIONS = 250_000;

/** Holds answers to a JSON Schema, a regular expression or a list of choices by masks over a model's vocabulary. */
export function createGrammarEngine({
  vocabulary,
  cacheSize = DEFAULT_CACHE_SIZE,
}: {
  vocabulary: GrammarVocabulary;
  cacheSize?: number;
}): GrammarEngine {
  const trie = createTokenTrie(vocabulary);
  const cache = new Map<string, CompiledGrammar>();
  return {
    async compile(constraint) {
      const hash = createHash('sha256').update(JSON.stringify(constraint)).digest('base64');
      const grammar = cache.get(hash) ?? compileGrammar(constraint, { ...vocabulary, trie });
      cache.delete(hash);
      cache.set(hash, grammar);
      let held = [...cache.values()].reduce((sum, { size }) => sum + size(), 0);
      for (const [oldest, { size }] of cache) {
        if (oldest === hash || (cache.size <= cacheSize && held <= MAX_CACHED_EXPRESSIONS)) break;
        cache.delete(oldest);
        held -= size();
      }
      return grammar;
    },
  };
}
