import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadPrompts } from '../../src/reasoning/prompts.ts';
import { prompts } from '../support/strategy-run.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prompts-'));
  mkdirSync(join(folder, 'own'));
  write('verdict.txt', '{{question}} {{answer}}?');
  write('program.txt', '{{question}}');
  write('program-error.txt', '{{error}}');
  write('compare.txt', '{{question}} {{answers}} {{letters}}');
  write('compare-answer.txt', '{{letter}} {{answer}} {{lines}}');
  write('revise.txt', '{{wrong}}: {{reason}}');
});
afterEach(() => rmSync(folder, { recursive: true }));
const write = (file: string, text: string) => writeFileSync(join(folder, file), text);

describe('loadPrompts', () => {
  it('fills the embedded model’s verdict with the very words that it was fitted on', () => {
    expect(prompts.fill('verdict', { question: 'What is 2 + 2?', answer: '4' }, 'thinkfirst').text).toBe(
      'Question: What is 2 + 2?\nProposed answer: 4\nIs the proposed answer correct? Answer yes or no.',
    );
  });

  it('takes a family’s own version where there is one', () => {
    write('own/revise.txt', '{{wrong}}!');
    const loaded = loadPrompts(folder);
    expect(loaded.fill('revise', { wrong: '4', reason: 'r' }, 'own').text).toBe('4!');
    expect(loaded.fill('revise', { wrong: '4', reason: 'r' }, 'other').text).toBe('4: r');
    expect(loaded.fill('revise', { wrong: '4', reason: 'r' }, 'own').version.file).toBe('own/revise.txt');
  });

  it('does not fill what a value brings in', () => {
    expect(loadPrompts(folder).fill('verdict', { question: '{{answer}} $&', answer: 'x' }).text).toBe(
      '{{answer}} $& x?',
    );
  });

  it('changes the hash with the text', () => {
    const hash = () => loadPrompts(folder).fill('verdict', { question: 'q', answer: 'a' }).version.hash;
    const before = hash();
    write('verdict.txt', '{{question}} - {{answer}}?');
    expect(hash()).not.toBe(before);
  });

  it.each([
    ['a missing placeholder', 'verdict.txt', 'Is it {{answer}}?', /does not use \{\{question\}\}/],
    ['one that nothing fills', 'verdict.txt', '{{question}} {{answer}} {{mood}}', /\{\{mood\}\}/],
    ['a file that nothing uses', 'other.txt', 'hello', /no strategy uses other.txt/],
    ['a family’s version without what it needs', 'own/revise.txt', 'wrong', /own\/revise.txt does not use/],
  ])('fails at start for %s', (_, file, text, message) => {
    write(file, text);
    expect(() => loadPrompts(folder)).toThrow(message);
  });

  it('fails at start for a missing file', () => {
    rmSync(join(folder, 'revise.txt'));
    expect(() => loadPrompts(folder)).toThrow(/revise.txt is missing/);
  });
});
