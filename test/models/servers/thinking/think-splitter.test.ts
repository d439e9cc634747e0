import { describe, expect, it } from 'vitest';
import { createThinkSplitter } from '../../../../src/models/servers/thinking/think-splitter.ts';

type Options = Parameters<typeof createThinkSplitter>[0];
const tags = { open: '<think>', close: '</think>' };

function split(options: Options, pieces: readonly string[]): { thinking: string; answer: string } {
  const splitter = createThinkSplitter(options);
  const result = { thinking: '', answer: '' };
  for (const part of [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.end({ cut: false })])
    result[part.kind] += part.text;
  return result;
}

describe('thoughts in tags', () => {
  it.each<[string, Options, string, { thinking: string; answer: string }]>([
    [
      'a thought and an answer',
      { ...tags, start: 'either' },
      '<think>a < b</think>The <b>',
      { thinking: 'a < b', answer: 'The <b>' },
    ],
    [
      'white space before the tag',
      { ...tags, start: 'either' },
      '\n <think>a</think>b',
      { thinking: 'a', answer: 'b' },
    ],
    [
      'no thought',
      { ...tags, start: 'either' },
      '<thin air> is </think> text',
      { thinking: '', answer: '<thin air> is </think> text' },
    ],
    [
      'a thought that the template opened',
      { ...tags, start: 'thinking' },
      'a</thin</think>b',
      { thinking: 'a</thin', answer: 'b' },
    ],
    ['one that is opened twice', { ...tags, start: 'thinking' }, '\n<think>a</think>b', { thinking: 'a', answer: 'b' }],
    ['a thought without end', { ...tags, start: 'either' }, '<think>a </thi', { thinking: 'a </thi', answer: '' }],
    [
      'tags within the answer',
      { ...tags, start: 'either' },
      '<think>a</think>say <think> or </think>',
      { thinking: 'a', answer: 'say <think> or </think>' },
    ],
    [
      'a marker',
      { close: 'Final answer:', start: 'thinking' },
      'First. Final say.\nFinal answer: 7',
      { thinking: 'First. Final say.\n', answer: ' 7' },
    ],
    [
      'a marker within a sentence, which is none',
      { close: 'Final answer:', start: 'thinking' },
      'I want the final answer: a number.\nLet me see, **Final answer:** comes.\nFinal answer: 7 kg',
      {
        thinking: 'I want the final answer: a number.\nLet me see, **Final answer:** comes.\n',
        answer: ' 7 kg',
      },
    ],
    [
      'a marker at the very beginning',
      { close: 'Final answer:', start: 'thinking' },
      'Final answer: 7',
      { thinking: '', answer: ' 7' },
    ],
    [
      'a marker in a quoted list',
      { close: 'Final answer:', start: 'thinking' },
      'So 7.\n> - **FINAL answer:** 7',
      { thinking: 'So 7.\n', answer: ' 7' },
    ],
    [
      'a marker in bold',
      { close: 'Final answer:', start: 'thinking' },
      'So 7.\n**Final Answer:** **7** it is',
      { thinking: 'So 7.\n', answer: ' **7** it is' },
    ],
    [
      'a bold marker whose colon is plain, in a heading',
      { close: 'Final answer:', start: 'thinking' },
      'The **final** say.\n### **Final answer**: 7',
      { thinking: 'The **final** say.\n', answer: ' 7' },
    ],
    [
      'a marker that nothing follows',
      { close: 'Final answer:', start: 'thinking' },
      'x * y\n**Final answer:**',
      { thinking: 'x * y\n', answer: '' },
    ],
    [
      'words that only look like the marker',
      { close: 'Final answer:', start: 'thinking' },
      'The final answer is near. **Final answ',
      { thinking: 'The final answer is near. **Final answ', answer: '' },
    ],
    ['an answer only', { close: '', start: 'answer' }, '<think>x', { thinking: '', answer: '<think>x' }],
    ['an empty thought', { ...tags, start: 'either' }, '<think></think>b', { thinking: '', answer: 'b' }],
  ])('%s, in one piece, in all pairs of pieces and character by character', (_what, options, text, expected) => {
    expect(split(options, [text])).toEqual(expected);
    for (let at = 1; at < text.length; at++) {
      for (let next = at; next <= text.length; next++) {
        expect(split(options, [text.slice(0, at), text.slice(at, next), text.slice(next)])).toEqual(expected);
      }
    }
    expect(split(options, [...text])).toEqual(expected);
  });

  it('holds back no more than what could be a marker', () => {
    const splitter = createThinkSplitter({ close: 'Final answer:', start: 'thinking' });
    expect(splitter.push('A sum.\n- Final')).toEqual([{ kind: 'thinking', text: 'A sum.\n' }]);
    expect(splitter.push(' thoughts, final')).toEqual([{ kind: 'thinking', text: '- Final thoughts, final' }]);
    expect(splitter.push(' answer: ')).toEqual([{ kind: 'thinking', text: ' answer: ' }]);
    const rule = `\n${'-'.repeat(40)}`;
    expect(splitter.push(rule)).toEqual([{ kind: 'thinking', text: rule }]);
  });

  it('holds back no more than what could be a tag', () => {
    const splitter = createThinkSplitter({ ...tags, start: 'either' });
    expect(splitter.push('<think>one </th')).toEqual([{ kind: 'thinking', text: 'one ' }]);
    expect(splitter.push('ree')).toEqual([{ kind: 'thinking', text: '</three' }]);
  });
});
