import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { generateQuestions } from './generate-questions.ts';
import { mixedQuestions } from './mixed-set.ts';

/** `tsx eval/generator/write-set.ts --seed evaluation-1 --count 600 --out eval/sets/generated.jsonl`, or `--mixed` for `eval/sets/mixed.jsonl` */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: 'evaluation-1' },
    count: { type: 'string', default: '600' },
    mixed: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});
const { mixed, seed, count, out = mixed ? 'eval/sets/mixed.jsonl' : 'eval/sets/generated.jsonl' } = values;
const questions = mixed ? await mixedQuestions() : generateQuestions({ seed, count: Number(count) });
await writeFile(out, `${questions.map((question) => JSON.stringify(question)).join('\n')}\n`);
console.log(`${questions.length} questions in ${out}`);
