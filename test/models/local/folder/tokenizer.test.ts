import { describe, expect, it } from 'vitest';
import { createModelTokenizer } from '../../../../src/models/local/folder/tokenizer.ts';

const tokenizerOf = (decoder: object, vocab: Record<string, number>, type = 'BPE') => {
  const model = { type, vocab, merges: [], unk_token: '<s>', continuing_subword_prefix: '##' };
  const added = [
    { id: 0, content: '<s>', special: true },
    { id: 1, content: 'é!', special: false },
  ];
  const parts = { normalizer: null, pre_tokenizer: null, post_processor: null };
  return createModelTokenizer({ tokenizer: { ...parts, added_tokens: added, model, decoder }, config: {} }, '');
};
const latin = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('latin1');

describe('a tokenizer', () => {
  it('spells byte-level tokens, the added ones in the text alone', () => {
    const { bytesOf, textBytesOf } = tokenizerOf({ type: 'ByteLevel' }, { '<s>': 0, 'é!': 1, 'ĠÃ©': 2, 漢: 3 });
    expect([0, 1, 2, 3].map((id) => latin(textBytesOf?.(id)))).toEqual([undefined, undefined, ' \xc3\xa9', undefined]);
    expect([0, 1, 2, 3].map((id) => latin(bytesOf(id)))).toEqual(['', '\xc3\xa9!', ' \xc3\xa9', '']);
  });

  it('spells tokens with byte fallback', () => {
    const decoder = { type: 'Sequence', decoders: [{ type: 'ByteFallback' }] };
    const { textBytesOf } = tokenizerOf(decoder, { '<s>': 0, 'é!': 1, '<0xE9>': 2, '▁a': 3 });
    expect([0, 1, 2, 3].map((id) => latin(textBytesOf?.(id)))).toEqual([undefined, undefined, '\xe9', ' a']);
  });

  it('spells no tokens of another make', () => {
    expect(tokenizerOf({ type: 'WordPiece', prefix: '##' }, { '<s>': 0 }, 'WordPiece').textBytesOf).toBeUndefined();
  });
});
