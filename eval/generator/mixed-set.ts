import { readFile } from 'node:fs/promises';
import { knownSets, SetQuestion as Line, type SetQuestion } from '../question-set.ts';
import { easyQuestions } from './easy-questions.ts';
import { generateQuestions } from './generate-questions.ts';
import { openQuestions } from './open-questions.ts';
import { createRandom } from './random.ts';

const seed = 'mixed-1';
const third = 200;

/** Kinds that need several steps. */
const hardKinds = ['add', 'sub', 'mul', 'div', 'expr', 'sum', 'mean', 'two-step', 'word', 'story', 'units', 'clock'];

/** Easy, hard and open questions, a third each, with the third as their kind. */
export async function mixedQuestions(): Promise<SetQuestion[]> {
  const without = new Set((await linesOf('generated')).map(({ question }) => question));
  const easy = easyQuestions({ seed, count: third, without });
  const hard = generateQuestions({ seed, count: third, kinds: hardKinds, without });
  const known = await linesOf('open');
  const open = [...known, ...createRandom(`${seed}/open`).some(openQuestions('evaluation'), third - known.length)];
  const ofThird = (kind: string, questions: readonly SetQuestion[]) => questions.map((one) => ({ ...one, kind }));
  const all = [...ofThird('easy', easy), ...ofThird('hard', hard), ...ofThird('open', open)];
  return createRandom(`${seed}/order`).some(all, all.length);
}

async function linesOf(set: 'generated' | 'open'): Promise<SetQuestion[]> {
  const file = new URL(`../sets/${knownSets[set]?.file}`, import.meta.url);
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  return lines.map((line) => Line.parse(JSON.parse(line)));
}
