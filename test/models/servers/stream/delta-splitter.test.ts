import { describe, expect, it } from 'vitest';
import { plain } from '../../../../src/models/families/plain.ts';
import { qwen3 } from '../../../../src/models/families/qwen3.ts';
import { type Delta, readDelta } from '../../../../src/models/servers/client/wire.ts';
import {
  createDeltaSplitter,
  type Piece,
  type ReasoningStart,
} from '../../../../src/models/servers/stream/delta-splitter.ts';

const delta = (parts: Partial<Delta>): Delta => ({ ...readDelta({}), ...parts });
const logged = (token: string) => ({ token, logprob: -1 });

function sort(opening: ReasoningStart, deltas: Array<Partial<Delta>>, family = qwen3): Piece[] {
  const splitter = createDeltaSplitter(family, opening);
  return [...deltas.flatMap((parts) => splitter.push(delta(parts), 1)), ...splitter.end({ cut: false })];
}
const texts = (pieces: Piece[]) => pieces.map(({ kind, text }) => `${kind}: ${text}`);

describe('sorting a stream into thought and answer', () => {
  it('by fields, and then tags in the content are the answer’s own', () => {
    expect(texts(sort('tagged', [{ reasoning: 'hm' }, { content: '<think> is a tag' }]))).toEqual([
      'thinking: hm',
      'answer: <think> is a tag',
    ]);
  });

  it('by tags, whose tokens go to neither side', () => {
    const tokens = ['<think>', 'hm', '</think>', 'Yes'];
    const pieces = sort(
      'tagged',
      tokens.map((token) => ({ content: token, logprobs: [logged(token)] })),
    );
    expect(pieces.at(-1)).toMatchObject({ kind: 'answer', text: 'Yes', tokens: 1, logprobs: [logged('Yes')] });
  });

  it('token by token where one chunk holds several', () => {
    const list = ['hm', '</think>', 'Yes', '.'].map(logged);
    const splitter = createDeltaSplitter(qwen3, 'inside');
    const pieces = splitter.push(delta({ content: 'hm</think>Yes.', logprobs: list }), 4);
    expect(pieces.map(({ kind, text, tokens }) => [kind, text, tokens])).toEqual([
      ['thinking', 'hm', 1],
      ['answer', 'Yes', 1],
      ['answer', '.', 1],
    ]);
  });

  it('all of it is the answer after a closed thought, in whatever field it comes', () => {
    expect(texts(sort('closed', [{ reasoning: 'The ' }, { content: 'answer' }]))).toEqual([
      'answer: The ',
      'answer: answer',
    ]);
  });

  it('by the marker, for a family without tags', () => {
    const pieces = sort('tagged', [{ content: 'So 7.\nFinal' }, { content: ' answer: 7' }], plain);
    expect(texts(pieces)).toEqual(['thinking: So 7.\n', 'answer:  7']);
  });

  it('a text that is held back keeps its tokens', () => {
    const splitter = createDeltaSplitter(qwen3, 'tagged');
    expect(splitter.push(delta({ content: '<' }), 1)).toEqual([]);
    expect(splitter.push(delta({ content: 'b>' }), 1)).toMatchObject([{ kind: 'answer', text: '<b>', tokens: 2 }]);
  });
});

describe('chunks of tokens that make no text by themselves', () => {
  const part = (token: string, id: number, fields: Partial<Delta>) => ({
    ...fields,
    tokenIds: [id],
    logprobs: [logged(token)],
  });
  const ids = (pieces: Piece[]) => pieces.map(({ kind, text, tokens, tokenIds }) => [kind, text, tokens, tokenIds]);

  it('go with the text that comes of them', () => {
    const answer = [
      part('�', 1, {}),
      part('🧮', 2, { content: '🧮' }),
      part('�', 3, {}),
      part('é', 4, { content: 'é' }),
    ];
    expect(ids(sort('tagged', answer))).toEqual([
      ['answer', '🧮', 2, [1, 2]],
      ['answer', 'é', 2, [3, 4]],
    ]);
  });

  it('are an open tag before a thought, a close tag after it, and the end after the answer', () => {
    const tokens = [
      part('<think>', 1, {}),
      part('hm', 2, { reasoning: 'hm' }),
      part('</think>', 3, {}),
      part('Yes', 4, { content: 'Yes' }),
      part('<|im_end|>', 5, {}),
    ];
    expect(ids(sort('tagged', tokens))).toEqual([
      ['thinking', 'hm', 1, [2]],
      ['answer', 'Yes', 1, [4]],
    ]);
  });
});
