import { expect, test } from 'vitest';
import { checks } from '../../src/checks/index.ts';
import { isReadable } from '../../src/checks/readable.ts';
import { runChecks } from '../../src/checks/run-checks.ts';

const hostile = {
  'a word without end': 'a'.repeat(100_000),
  'a number without end': '1'.repeat(100_000),
  'a gap without end': `1 + 1 = ${' '.repeat(100_000)}2`,
  'lines without text': '\n'.repeat(100_000),
  'a text without end': 'answer with '.repeat(10_000),
  'sums without end': '1 + '.repeat(30_000),
};

test.each(Object.entries(hostile))(
  '%s is given to no check that goes over it anew from every place',
  async (_, text) => {
    expect(isReadable(text)).toBe(false);
    const fast = [...checks.values()].filter(({ slow, linear }) => slow !== true && linear !== true);
    const judged = await runChecks(
      fast.map(({ name }) => ({ type: name })),
      { question: text, conversation: text, thought: text, answer: text },
      { slow: false, services: {}, signal: new AbortController().signal },
    );
    expect(judged).toHaveLength(fast.length);
    expect(new Set(judged.map(({ verdict }) => verdict))).toEqual(new Set(['abstain']));
    expect(new Set(judged.map(({ detail }) => detail)).size).toBe(1);
  },
);

test.each(['', 'What is 12 × 3?', 'word '.repeat(6_000), `${'1'.repeat(900)} + 1`])('an ordinary text is', (text) => {
  expect(isReadable(text)).toBe(true);
});
