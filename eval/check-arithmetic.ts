/**
 * Measures the arithmetic check on correct thoughts, and on the same thoughts with one wrong digit in the result of an
 * equation: `npx tsx eval/check-arithmetic.ts PATH_TO_THOUGHTS.jsonl [SEED] [--show N]`. Each line of the file has
 * `question`, `thought`, `answer`.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { arithmetic } from '../src/checks/arithmetic.ts';
import { corruptDigit, seededRandom } from './corrupt-digit.ts';

const [path, seed = '1'] = process.argv.slice(2);
if (path === undefined) {
  console.error('Usage: npx tsx eval/check-arithmetic.ts PATH_TO_THOUGHTS.jsonl [SEED] [--show N]');
  process.exit(1);
}
const show = process.argv.includes('--show') ? Number(process.argv.at(-1)) : 0;
const Row = z.object({ question: z.string(), thought: z.string(), answer: z.string() });
const rows = readFileSync(path, 'utf8')
  .trim()
  .split('\n')
  .map((line) => Row.parse(JSON.parse(line)));

const random = seededRandom(Number(seed));
const signal = new AbortController().signal;
const judge = async (row: z.infer<typeof Row>) =>
  await arithmetic.run({ ...row, conversation: row.question }, { options: {}, services: {}, signal });

const counts = { pass: 0, fail: 0, abstain: 0 };
let corrupted = 0;
let found = 0;
const missed: string[] = [];
const alarms: string[] = [];
for (const row of rows) {
  const finding = await judge(row);
  counts[finding.verdict] += 1;
  if (finding.verdict === 'fail') alarms.push(finding.detail);
}
// Creates as many with one wrong digit; thoughts without an equation give none, so the others are used again.
for (let at = 0; corrupted < rows.length && at < 10 * rows.length; at += 1) {
  const row = rows[at % rows.length];
  const wrong = row === undefined ? undefined : corruptDigit(row.thought, random);
  if (row === undefined || wrong === undefined) continue;
  corrupted += 1;
  if ((await judge({ ...row, thought: wrong.text })).verdict === 'fail') found += 1;
  else missed.push(wrong.line);
}
const percent = (part: number, whole: number): string => `${part} of ${whole} (${((100 * part) / whole).toFixed(2)} %)`;
console.log(`true thoughts: ${rows.length}; pass ${counts.pass}, abstain ${counts.abstain}`);
console.log(`false alarms: ${percent(counts.fail, rows.length)}`);
console.log(`one wrong digit found: ${percent(found, corrupted)}`);
for (const line of alarms.slice(0, show)) console.log(`alarm: ${line}`);
for (const line of missed.slice(0, show)) console.log(`missed: ${line}`);
