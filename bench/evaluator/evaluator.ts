/**
 * The time that the evaluator takes for one line, in microseconds, for the tests' vectors and for lines designed to be
 * slow. Each line is measured several times after a warm-up, and the fastest run counts, so that a pause of the machine
 * is not mistaken for a slow line. Exits with 1 if a line takes more than 2 ms.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { evaluate } from '../../src/evaluator/evaluate.ts';

const limitMicroseconds = 2000;
const runs = 7;

const vectors = readFileSync(new URL('../../test/evaluator/vectors.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => z.object({ before: z.string() }).parse(JSON.parse(line)).before);

const nines = '9'.repeat(59);
const fill = (piece: string, length = 500) => piece.repeat(Math.floor(length / piece.length));
const hostile: Record<string, string> = {
  '1 MB of sums': fill('1+', 1_000_000) + 1,
  '1 MB of digits': fill('9', 1_000_000),
  '1 MB of spaces': `1 + 1${fill(' ', 1_000_000)}`,
  '1 MB of words': `${fill('word ', 1_000_000)}3 + 4`,
  '10,000 brackets': `${fill('(', 10_000)}1 + 1${fill(')', 10_000)}`,
  '500 characters of sums': `${fill('1+', 498)}1`,
  '500 characters of brackets': `${fill('(1+1)+', 490)}1`,
  'deepest brackets': `${'('.repeat(32)}1+1${')'.repeat(32)}`,
  'negated brackets': `${'-('.repeat(32)}1+1${')'.repeat(32)}`,
  towers: '9^9^9',
  'tower of ones': `${fill('1^', 498)}1`,
  'powers of powers': '((9^99)^99)^99',
  'largest powers': fill('+7^120', 498).slice(1),
  'powers over powers': fill('+2^99/3^99', 498).slice(1),
  'powers that cancel': `5^85${fill('*7^70/7^70', 490)}`,
  'ones that cancel': `5^85/2^199${fill('*9/9', 480)}`,
  'long fractions': `${nines}/${nines.replace('9', '7')}${fill('+0', 370)}`,
  'long fractions summed': fill(`+${'7'.repeat(29)}/${'9'.repeat(29)}`, 498).slice(1),
  'unlike fractions': [7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83]
    .map((d) => `1/${d}`)
    .join('+'),
  moduli: `${nines}${fill(` mod ${'8'.repeat(40)}`, 430)}`,
  'large prime': 'is_prime(3317044064679887385961813)',
  'large product': 'is_prime(3317044064679887385961980)',
  'long word': `letters("${'e\u0301'.repeat(200)}")`,
  'long mark': `letters("e${'\u0301'.repeat(480)}")`,
  'joined emoji': `reverse("${'👩‍👩‍👧‍👦'.repeat(40)}")`,
  'many words': `sort(${Array.from({ length: 80 }, (_, index) => `"${(index * 37) % 80}"`).join(', ')})`,
  'many numbers': `mean(${Array.from({ length: 150 }, (_, index) => index).join(', ')})`,
  'many counted': `count_if("over 5", ${Array.from({ length: 120 }, (_, index) => index).join(', ')})`,
  'unclosed quote': `letters("${fill('a', 480)})`,
  'nested calls': `${fill('max(', 240)}1, 2${fill(')', 60)}`,
  commas: `max(${fill('1,', 480)})`,
  'marks before': `${fill('- ', 500)}1 + 1`,
  'words before': `${fill('a ', 560)}1 + 1`,
};

function fastestMicroseconds(line: string): number {
  let fastest = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const start = process.hrtime.bigint();
    evaluate(line);
    fastest = Math.min(fastest, Number(process.hrtime.bigint() - start) / 1000);
  }
  return fastest;
}

function report(name: string, lines: readonly (readonly [name: string, line: string])[]): number {
  const times = lines
    .map(([label, line]) => ({ label, time: fastestMicroseconds(line) }))
    .sort((a, b) => b.time - a.time);
  const median = times[Math.floor(times.length / 2)]?.time ?? 0;
  console.log(`${name}: ${lines.length} lines, median ${median.toFixed(1)} µs; slowest:`);
  for (const { label, time } of times.slice(0, 5)) console.log(`  ${time.toFixed(1).padStart(8)} µs  ${label}`);
  return times[0]?.time ?? 0;
}

for (const line of vectors) evaluate(line);
const worst = Math.max(
  report(
    'vectors',
    vectors.map((line) => [line.slice(0, 60), line]),
  ),
  report('hostile', Object.entries(hostile)),
);
console.log(`worst: ${worst.toFixed(1)} µs of ${limitMicroseconds} µs`);
process.exitCode = worst > limitMicroseconds ? 1 : 0;
