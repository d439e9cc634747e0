import { add } from './kinds/add.ts';
import { boolean } from './kinds/boolean.ts';
import { clock } from './kinds/clock.ts';
import { compare } from './kinds/compare.ts';
import { countLetter } from './kinds/count-letter.ts';
import { divide } from './kinds/divide.ts';
import { divisible } from './kinds/divisible.ts';
import { expression } from './kinds/expression.ts';
import { extreme } from './kinds/extreme.ts';
import { filter } from './kinds/filter.ts';
import { length } from './kinds/length.ts';
import { mean } from './kinds/mean.ts';
import { multiply } from './kinds/multiply.ts';
import { nthLetter } from './kinds/nth-letter.ts';
import { order } from './kinds/order.ts';
import { percent } from './kinds/percent.ts';
import { prime } from './kinds/prime.ts';
import { reverse } from './kinds/reverse.ts';
import { sequence } from './kinds/sequence.ts';
import { sortNumbers } from './kinds/sort-numbers.ts';
import { sortWords } from './kinds/sort-words.ts';
import { spell } from './kinds/spell.ts';
import { story } from './kinds/story.ts';
import { subtract } from './kinds/subtract.ts';
import { sum } from './kinds/sum.ts';
import { swap } from './kinds/swap.ts';
import { twoStep } from './kinds/two-step.ts';
import { unitConversion } from './kinds/units.ts';
import { weekday } from './kinds/weekday.ts';
import { wordProblem } from './kinds/word-problem.ts';
import type { QuestionKind } from './question.ts';

/**
 * All kinds of generated questions. To add one, write a file and add a line here; the other kinds' questions do not
 * change.
 */
export const questionKinds: readonly QuestionKind[] = [
  add,
  subtract,
  multiply,
  divide,
  expression,
  sum,
  percent,
  mean,
  sequence,
  countLetter,
  nthLetter,
  length,
  reverse,
  spell,
  sortNumbers,
  sortWords,
  extreme,
  weekday,
  clock,
  order,
  swap,
  boolean,
  compare,
  divisible,
  prime,
  filter,
  wordProblem,
  story,
  unitConversion,
  twoStep,
];
