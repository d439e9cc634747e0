import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { Question } from './generator/question.ts';
import { scoreAnswer } from './score-answer.ts';
import { keepsRules, Rules } from './score-rules.ts';

/** One line of a set. */
export const SetQuestion = Question.extend({
  /** The question of `generated` that this one rewords. */
  original: z.string().exactOptional(),
  /** If present, they judge the answer; `answer` is then only an example of a right one. */
  rules: Rules.exactOptional(),
});
export type SetQuestion = z.infer<typeof SetQuestion>;
export type AskedQuestion = SetQuestion & { row: number };

/** What was developed or trained with a set's questions. Such a set is no independent test of it. */
export const MadeOn = z.object({ checks: z.string(), evaluator: z.string(), fit: z.string(), calibration: z.string() });
export type MadeOn = z.infer<typeof MadeOn>;

export type QuestionSet = { name: string; questions: readonly AskedQuestion[]; madeOn?: MadeOn };

/** The sets included with Thinkfirst: their files in `eval/sets/`. */
export const knownSets: Readonly<Record<string, { file: string; about: string; licence: string; madeOn: MadeOn }>> = {
  generated: {
    file: 'generated.jsonl',
    about: '600 questions of `eval/generator`, seed `evaluation-1`, written by `npx tsx eval/generator/write-set.ts`',
    licence: 'Apache-2.0',
    madeOn: {
      checks: 'questions of the same generator (other seeds)',
      evaluator: 'its calls are those that questions of these kinds need',
      fit: 'problems of the same kinds (other numbers and words)',
      calibration: 'questions of the same generator (another seed)',
    },
  },
  reworded: {
    file: 'reworded.jsonl',
    about:
      '200 of the generated questions as a person would say them, reworded from the question alone; answers verified by hand. `original` is the question in its first words',
    licence: 'Apache-2.0',
    madeOn: {
      checks: 'no',
      evaluator: 'no',
      fit: 'no; the second fit saw other problems said in people’s words',
      calibration: 'no',
    },
  },
  'gsm8k-dev': {
    file: 'gsm8k-dev.jsonl',
    about:
      '600 rows of GSM8K’s test set, answers reduced to the number. Rows 1–300 calibrate, 301–600 are the headline (`--rows 301-600`)',
    licence: 'MIT, below',
    madeOn: {
      checks: 'no',
      evaluator: 'no',
      fit: 'GSM8K’s training set, not these rows',
      calibration: 'rows 1–300; not 301–600',
    },
  },
  open: {
    file: 'open.jsonl',
    about: '100 open and factual questions of a newcomer, judged by `rules`; `answer` is an example of a right answer',
    licence: 'Apache-2.0',
    madeOn: { checks: 'no', evaluator: 'no', fit: 'no', calibration: 'no' },
  },
  mixed: {
    file: 'mixed.jsonl',
    about:
      'For effort `auto`: 200 easy questions (order of people, the larger of two numbers, sums of one digit), 200 that take steps (of `eval/generator`, seed `mixed-1`, none of `generated.jsonl`) and 200 open ones (`open.jsonl`, and 100 of `eval/generator/open-questions.ts`, the part that does not calibrate); written by `npx tsx eval/generator/write-set.ts --mixed`',
    licence: 'Apache-2.0',
    madeOn: {
      checks: 'questions of the same generator (other seeds)',
      evaluator: 'its calls are those that questions of these kinds need',
      fit: 'problems of the same kinds (other numbers and words)',
      calibration: 'questions of the same generators (another seed, other words)',
    },
  },
  everyday: {
    file: 'everyday.jsonl',
    about: '46 questions as a newcomer types them, written by hand',
    licence: 'Apache-2.0',
    madeOn: {
      checks: 'yes: they were corrected on these very questions',
      evaluator: 'no',
      fit: 'no',
      calibration: 'no',
    },
  },
};

/**
 * A set by name (`eval/sets/`), or any JSONL file of `{question, answer}` or `{question, answer, rules}`.
 * @param options.rows `301-600`: those lines, counted from 1; `options.count` takes the first of them
 */
export async function readQuestionSet(options: { set: string; rows?: string; count?: number }): Promise<QuestionSet> {
  const known = knownSets[options.set];
  const path = known === undefined ? options.set : new URL(`sets/${known.file}`, import.meta.url);
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line.trim() !== '');
  const all = lines.map((line, index) => ({ ...SetQuestion.parse(JSON.parse(line)), row: index + 1 }));
  const [from = 1, to = all.length] = options.rows?.split('-').map(Number) ?? [];
  if (!(from >= 1 && to >= from)) throw new Error(`--rows ${options.rows}: expected two line numbers, like 301-600`);
  const chosen = all.slice(from - 1, to);
  const name = known === undefined ? basename(options.set).replace(/\.jsonl$/, '') : options.set;
  return {
    name: options.rows === undefined ? name : `${name}-${options.rows}`,
    questions: chosen.slice(0, options.count ?? chosen.length),
    ...(known === undefined ? {} : { madeOn: known.madeOn }),
  };
}

/** The generated questions that a set's questions reword, each once; none for other sets. */
export async function originalsOf({ questions }: QuestionSet): Promise<QuestionSet> {
  const wanted = new Set(questions.flatMap(({ original }) => original ?? []));
  if (wanted.size === 0) return { name: 'generated', questions: [] };
  const generated = await readQuestionSet({ set: 'generated' });
  return { ...generated, questions: generated.questions.filter(({ question }) => wanted.has(question)) };
}

/** Whether a visible text answers the question, judged by its rules or else by its value. */
export async function isRight(text: string, { question, answer, rules }: SetQuestion): Promise<boolean> {
  return rules === undefined ? scoreAnswer(text, question, answer) : await keepsRules(text, rules);
}
