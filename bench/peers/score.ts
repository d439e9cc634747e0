/**
 * Judges the output of run.py like the evaluation judges our own answers: npx tsx bench/peers/score.ts [--set mixed]
 * FILE.jsonl …
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { isRight, readQuestionSet } from '../../eval/question-set.ts';

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
  values: { set },
  positionals: files,
} = parseArgs({ options: { set: { type: 'string', default: 'gsm8k-dev' } }, allowPositionals: true });
if (files.length === 0) throw new Error('name the files that run.py wrote');
const { questions } = await readQuestionSet({ set });
const byRow = new Map(questions.map((question) => [question.row, question]));
console.log(
  '| peer | chains at most | rows | right | tokens a question | requests | seconds |\n| --- | --- | --- | --- | --- | --- | --- |',
);
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
  const cells = [rows[0]?.peer, rows[0]?.samples, rows.length, `${right} (${share} %)`, mean((row) => row.output)];
  console.log(`| ${[...cells, mean((row) => row.requests), mean((row) => row.seconds)].join(' | ')} |`);
}
