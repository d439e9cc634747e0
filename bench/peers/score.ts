/**
 * Judges the output of run.py like the evaluation judges our own answers: npx tsx bench/peers/score.ts [--set mixed]
 * [--run FOLDER --arm high] FILE.jsonl …
 * With `--run`, a folder of `npm run eval`, that arm is compared with each peer, paired by question.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { openRowStore } from '../../eval/answered-row.ts';
import { change } from '../../eval/markdown-report.ts';
import { isRight, readQuestionSet } from '../../eval/question-set.ts';
import { pairedDifference } from '../../eval/statistics.ts';

const Row = z.object({
  row: z.int(),
  peer: z.string(),
  samples: z.int(),
  text: z.string(),
  seconds: z.number(),
  output: z.number(),
  requests: z.number(),
});

const {
  values: { set, run, arm },
  positionals: files,
} = parseArgs({
  options: {
    set: { type: 'string', default: 'gsm8k-dev' },
    run: { type: 'string' },
    arm: { type: 'string', default: 'high' },
  },
  allowPositionals: true,
});
if (files.length === 0) throw new Error('name the files that run.py wrote');
const { questions } = await readQuestionSet({ set });
const ours = run === undefined ? [] : (await openRowStore(run)).rows().filter((row) => row.arm === arm);
const rightOfOurs = new Map(ours.map((row) => [row.row, row.right]));
const byRow = new Map(questions.map((question) => [question.row, question]));
const head = ['peer', 'chains at most', 'rows', 'right', 'tokens a question', 'requests', 'seconds'];
if (run !== undefined) head.push(`${arm} against it, paired`);
console.log(`| ${head.join(' | ')} |\n| ${head.map(() => '---').join(' | ')} |`);
for (const file of files) {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  const rows = lines.map((line) => Row.parse(JSON.parse(line)));
  const judged = await Promise.all(
    rows.map(async ({ row, text }) => {
      const asked = byRow.get(row);
      return asked !== undefined && (await isRight(text, asked));
    }),
  );
  const right = judged.filter(Boolean).length;
  const mean = (of: (row: z.infer<typeof Row>) => number) =>
    (rows.reduce((sum, row) => sum + of(row), 0) / rows.length).toFixed(1);
  const share = ((100 * right) / rows.length).toFixed(1);
  const pairs = rows.flatMap(({ row }, index) => {
    const other = rightOfOurs.get(row);
    return other === undefined ? [] : [{ base: judged[index] === true, other }];
  });
  const difference = pairs.length === 0 ? [] : [change(pairedDifference(pairs))];
  const cells = [rows[0]?.peer, rows[0]?.samples, rows.length, `${right} (${share} %)`, mean((row) => row.output)];
  const costs = [mean((row) => row.requests), mean((row) => row.seconds)];
  console.log(`| ${[...cells, ...costs, ...difference].join(' | ')} |`);
}
