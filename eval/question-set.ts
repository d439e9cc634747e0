import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Question } from './generator/question.ts';

export type QuestionSet = { name: string; questions: ReadonlyArray<Question & { row: number }> };

const sets: Record<string, string> = {
  generated: 'generated.jsonl',
  'gsm8k-dev': 'gsm8k-dev.jsonl',
  everyday: 'everyday.jsonl',
};

/**
 * A set by name (`eval/sets/`), or any JSONL file of `{question, answer}`.
 * @param options.rows `301-600`: those lines, counted from 1; `options.count` takes the first of them
 */
export async function readQuestionSet(options: { set: string; rows?: string; count?: number }): Promise<QuestionSet> {
  const known = sets[options.set];
  const path = known === undefined ? options.set : new URL(`sets/${known}`, import.meta.url);
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line.trim() !== '');
  const all = lines.map((line, index) => ({ ...Question.parse(JSON.parse(line)), row: index + 1 }));
  const [from = 1, to = all.length] = options.rows?.split('-').map(Number) ?? [];
  if (!(from >= 1 && to >= from)) throw new Error(`--rows ${options.rows}: expected two line numbers, like 301-600`);
  const chosen = all.slice(from - 1, to);
  const name = known === undefined ? basename(options.set).replace(/\.jsonl$/, '') : options.set;
  return {
    name: options.rows === undefined ? name : `${name}-${options.rows}`,
    questions: chosen.slice(0, options.count ?? chosen.length),
  };
}
