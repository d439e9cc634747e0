import { expect, it } from 'vitest';
import { checks } from '../../src/checks/index.ts';
import { runChecks } from '../../src/checks/run-checks.ts';
import { ChecksOption } from '../../src/reasoning/strategies/checks-option.ts';

const megabyte = '1 + '.repeat(250_000);
const brackets = `${'('.repeat(10_000)}1${')'.repeat(10_000)}`;
const texts = [
  ...[megabyte, brackets, '9^9^9', '9^9^9 = 1', '1\u0000 + 1', '"', "'“", '\\boxed{', '1/0', '-'.repeat(5_000)],
  ...['1e999999', '½'.repeat(2_000), '\ud800', '$$$$', 'mod '.repeat(8_000), '2 + 2 = 5 mod '.repeat(2_200)],
];

/** A thread that is held answers nobody, so time here is the whole point: a pass of all takes well under a second alone. */
const limit = 60_000;

it.each(texts.map((text) => [text.slice(0, 20), text]))(
  'nothing hangs where %j is expected, asked, thought or answered',
  { timeout: limit },
  async (_, text) => {
    const named = [
      ...[...checks.values()].flatMap(({ name, standard }) => (standard === undefined ? [] : [{ type: name }])),
      { type: 'expected', value: text },
      { type: 'regex', pattern: text },
      { type: 'json-schema', schema: { const: text } },
    ];
    const inputs = [
      { question: text, conversation: text, thought: '1 + 1 = 2', answer: '2' },
      { question: 'How many?', conversation: 'How many?', thought: text, answer: text },
    ];
    for (const input of inputs) {
      const how = { slow: false, services: {}, signal: new AbortController().signal };
      const judged = await runChecks(named, input, { ...how, timeLimits: { fast: limit, slow: limit } });
      expect(judged).toHaveLength(named.length);
      expect(judged.filter(({ name, verdict }) => name === 'arithmetic' && verdict === 'fail')).toEqual([]);
    }
  },
);

it('a pattern of a megabyte is refused, and one that repeats itself without end', () => {
  for (const pattern of [megabyte, brackets, '(((a{1,1000}){1,1000}){1,1000}']) {
    expect(ChecksOption.safeParse([{ type: 'regex', pattern }]).success).toBe(false);
  }
});
