import { families } from '../../../../src/models/families/index.ts';
import type { SampleSequenceOptions } from '../../../../src/models/local/decoder/sample-sequence.ts';
import type { ModelTokenizer } from '../../../../src/models/local/folder/tokenizer.ts';
import { toyVocabulary } from './toy-runner.ts';

const special = new Map([
  ['<tool>', 58],
  ['</tool>', 59],
  ['<end>', 60],
  ['</think>', 61],
  ['<think>', 62],
  ['<start>', 63],
]);
const newline = 57;
const encoder = new TextEncoder();

/** 57 tokens of one visible character each, a newline, then the special ones. */
const tokenizer: ModelTokenizer = {
  encode: (text) =>
    [...text].map((character) => (character === '\n' ? newline : (character.codePointAt(0) ?? 0) % newline)),
  decode: (ids) => ids.map((id) => tokenizer.textOf(id)).join(''),
  spellingOf: () => undefined,
  idOf: (token) => special.get(token),
  bytesOf: (id) => encoder.encode(tokenizer.textOf(id)),
  textOf: (id) => (id < newline ? String.fromCharCode(0x41 + id) : id === newline ? '\n' : ''),
  byteLevel: true,
  textBytesOf: undefined,
  isSpecial: (id) => id > newline,
  specialTexts: [...special.keys()],
  controlTexts: [...special.keys()],
  render: () => '',
};

const [family] = families;
if (!family) throw new Error('there are no families');

/** What a sample row needs of a folder, for the toy runner's vocabulary. */
export const toyModel: SampleSequenceOptions['model'] = {
  family,
  tokenizer,
  vocabularySize: toyVocabulary,
  tokens: {
    end: new Set([60]),
    open: 62,
    close: 61,
    toolCallOpen: 58,
    toolCallClose: 59,
    handOver: [57, 1, 2, 3, 57, 61, 57],
    closing: [57, 61, 57],
    closingAfterLine: [61, 57],
    afterThought: [57],
    continuation: [4, 5, 6],
  },
};

export const toyTokens = { end: 60, close: 61, toolOpen: 58, toolClose: 59, newline };
