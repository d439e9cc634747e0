import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { generateQuestions } from './generate-questions.ts';

/** `tsx eval/generator/write-set.ts --seed evaluation-1 --count 600 --out eval/sets/generated.jsonl` */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: 'evaluation-1' },
    count: { type: 'string', default: '600' },
    out: { type: 'string', default: 'eval/sets/generated.jsonl' },
  },
});
const questions = generateQuestions({ seed: values.seed, count: Number(values.count) });
await writeFile(values.out, `${questions.map((question) => JSON.stringify(question)).join('\n')}\n`);
console.log(`${questions.length} questions in ${values.out}`);
