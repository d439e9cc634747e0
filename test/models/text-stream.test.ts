import { beforeAll, describe, expect, it } from 'vitest';
import { loadModelFolder } from '../../src/models/local/folder/model-folder.ts';
import type { ModelTokenizer } from '../../src/models/local/folder/tokenizer.ts';
import { createTextStream } from '../../src/models/text-stream.ts';

let embedded: ModelTokenizer;
beforeAll(async () => {
  embedded = (await loadModelFolder('models/thinkfirst-135m')).tokenizer;
});

/** Decodes like a SentencePiece model: `▁` is a space, the first one is stripped, bytes come as tokens of their own. */
function pieceTokenizer(): ModelTokenizer {
  const pieces = ['▁The', '▁cat', 's', '<0xE2>', '<0x82>', '<0xAC>', '▁5', '<end>'];
  return {
    ...embedded,
    byteLevel: false,
    bytesOf: () => undefined,
    decode: (ids) => {
      const bytes = ids.flatMap((id) => {
        const piece = pieces[id] ?? '';
        if (piece === '<end>') return [];
        const byte = /^<0x(..)>$/.exec(piece)?.[1];
        return byte ? [Number.parseInt(byte, 16)] : [...new TextEncoder().encode(piece.replace('▁', ' '))];
      });
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes)).replace(/^ /, '');
    },
  };
}

function streamed(tokenizer: ModelTokenizer, ids: readonly number[]): string[] {
  const stream = createTextStream(tokenizer);
  return [...ids.map((id) => stream.push([id])), stream.end()];
}

describe('text stream', () => {
  it.each([
    'plain words, and digits 12345',
    'Käthe — δύο 家 😀👩‍👩‍👧 ﬁ',
    ' \n\n\tindented  twice',
    '\uFEFFbom',
    '\uFFFD honest',
  ])('gives pieces of %j that never end within a character and make the whole', (text) => {
    const ids = embedded.encode(text);
    const pieces = streamed(embedded, ids);
    expect(pieces.join('')).toBe(text);
    if (!text.includes('\uFFFD')) expect(pieces.join('|')).not.toContain('\uFFFD');
  });

  it('equals the decode of any ids, unfinished characters and special tokens among them', () => {
    let state = 1;
    for (let round = 0; round < 200; round++) {
      const ids = Array.from({ length: 20 }, () => {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        return (state >>> 8) % 400;
      });
      expect(streamed(embedded, ids).join('')).toBe(embedded.decode(ids));
    }
  });

  it('holds text of other decoders back until a character is whole', () => {
    expect(streamed(pieceTokenizer(), [0, 1, 2, 3, 4, 5, 6, 7])).toEqual([
      'The',
      ' cat',
      's',
      '',
      '',
      '€',
      ' 5',
      '',
      '',
    ]);
    expect(streamed(pieceTokenizer(), [0, 3]).join('')).toBe('The\uFFFD');
  });

  it('takes several ids at once', () => {
    const ids = embedded.encode('several 😀 ids');
    const stream = createTextStream(embedded);
    expect(stream.push(ids) + stream.end()).toBe('several 😀 ids');
  });
});
