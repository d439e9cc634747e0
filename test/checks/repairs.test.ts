import { describe, expect, it } from 'vitest';
import { corruptDigit, seededRandom } from '../../eval/corrupt-digit.ts';
import { judge } from './judge.ts';
import { trueThoughts } from './true-thoughts.ts';

/** The line that the check found wrong, up to and with what it puts in its place; undefined where it knows nothing better. */
async function putRight(question: string, thought: string): Promise<string | undefined> {
  const finding = await judge('arithmetic', { question, thought });
  if (finding.verdict !== 'fail') throw new Error(`it found nothing in ${thought}`);
  const { repair, line = 0 } = finding;
  return repair && (thought.split('\n')[line] ?? '').slice(0, repair.at) + repair.text;
}

/** Question, thought with a wrong line, that line put right. */
const cases: Array<[string, string, string]> = [
  ['', '9 × 19 = 171 and 12 × 18 = 218, so more.', '9 × 19 = 171 and 12 × 18 = 216'],
  ['', '2 + 3 = 5 and 1 + 3 = 5.', '2 + 3 = 5 and 1 + 3 = 4'],
  ['What is 12 times 345?', '12 × 45 = 10 × 45 + 2 × 45 = 400 + 80 = 480.', '12 × 45 = 10 × 45 + 2 × 45 = 540.'],
  ['', '49 × 3 = 40 × 3 + 3 × 3 = 129.', '49 × 3 = 147.'],
  ['', '7 × 600 = 700 × 60 + 70 × 60 = 42000 + 420 = 46220.', '7 × 600 = 4200.'],
  ['', 'He pays $12 + $3 = $14 in all.', 'He pays $12 + $3 = $15'],
  ['', '1,000 + 99 = 1,099 and 1 + 1 = 1.', '1,000 + 99 = 1,099 and 1 + 1 = 2'],
  ['', '1/4 + 1/4 = 1/2 and 2 + 1 = 1.', '1/4 + 1/4 = 1/2 and 2 + 1 = 3'],
  ['', 'x >= 5, but 2 + 2 = 5.', 'x >= 5, but 2 + 2 = 4'],
  ['', 'Für 3 Äpfel: 3 × 4 = 13 €.', 'Für 3 Äpfel: 3 × 4 = 12'],
  ['', '5 + 5 = 10.\r\n3 - 8 = 5.\r\nDone.', '3 - 8 = -5'],
];

describe('what the arithmetic check puts right', () => {
  it.each(cases)('%s %s', async (question, thought, line) => {
    expect(await putRight(question, thought)).toBe(line);
  });

  it.each([
    ['', '12 = 3 × 4 and 1 + 1 = 3.'],
    ['', '1,200 + 300 = 1,600.'],
    ['Is 306 divisible by 9?', '9 × 105 = 306, and 306 - 306 = 0.'],
  ])('knows nothing better than %s %s', async (question, thought) => {
    expect(await putRight(question, thought)).toBeUndefined();
  });

  it('gives back the true line where a digit of a result was changed', async () => {
    const random = seededRandom(3);
    const wrong = trueThoughts().flatMap(({ thought }) => {
      const corrupted = corruptDigit(thought, random);
      return corrupted === undefined ? [] : [{ thought, corrupted: corrupted.text }];
    });
    let found = 0;
    for (const { thought, corrupted } of wrong) {
      const { line = 0, repair } = await judge('arithmetic', { thought: corrupted });
      const [was, is] = [thought, corrupted].map((text) => text.split('\n')[line] ?? '');
      // A changed link of a chain of equations may show in the next one: then this line was right in itself.
      if (repair === undefined || was === is) continue;
      found += 1;
      expect(was).toContain(`${is?.slice(0, repair.at)}${repair.text}`);
    }
    expect(found).toBeGreaterThan(wrong.length * 0.8);
  });
});
