import { z } from 'zod';
import { withoutThousands } from '../answers/notation.ts';
import { abstain, allHold, defineCheck, fail, pass, type Repair } from './check.ts';
import { createDoubt, isOfOtherArithmetic } from './equations/doubtful-context.ts';
import { equationsOf } from './equations/equations.ts';
import type { Equation } from './equations/judge-equation.ts';
import { standingLines } from './thought-lines.ts';

/** Between a slip and the same worked out rightly: the chain has put it right itself. */
const doubt =
  /\b(?:wait|hmm+|actually|oops|mistake|error|incorrect|wrong|not right|should be|correction|(?:let me|let['’]s) (?:check|verify|redo|do (?:it|this|that) again|correct|fix|count|add (?:it|them|this) again|try again)|(?:re|double)-?\s?(?:check|calculat|comput|examin|verif)\w*)\b/i;

/** The complete number after an equals sign. */
const result = /(?<![<>!=≠])=\s*[$€£¥]?(-?\d+(?:\.\d+)?)(?![\d/^%]|[.,]\d)/g;
const equalsSign = /(?<![<>!=≠])=\s*/g;

/** Every whole expression around an equals sign in thought and answer, evaluated exactly. */
export const arithmetic = defineCheck({
  name: 'arithmetic',
  description:
    'Re-evaluates every equation of the thought and the answer exactly; rounding, remainders and unit conversions abstain.',
  judges: 'line',
  standard: 'uncomputed',
  options: z.object({}),
  run({ conversation, thought, answer }) {
    const surroundings = { conversation, text: `${thought}\n${answer}` };
    if (isOfOtherArithmetic(surroundings)) return abstain('the question is not of ordinary numbers');
    let asked: Set<string> | undefined;
    /** What the conversation says is quoted, not worked out. */
    const isQuoted = ({ left, right }: Equation): boolean => {
      asked ??= new Set(conversation.split('\n').flatMap(equationsOf).map(keyOf));
      return asked.has(keyOf({ left, right }));
    };
    const doubtOf = createDoubt(surroundings);
    const wrongIn = (line: string) => {
      const isDoubtful = doubtOf(line);
      return (equation: Equation) => equation.verdict === 'fail' && !isQuoted(equation) && !isDoubtful(equation);
    };
    const lines = linesOf(thought);
    const held: number[] = [];
    for (const line of standingLines(thought)) {
      const equations = equationsOf(line.text);
      const isWrong = wrongIn(line.text);
      for (const [index, equation] of equations.entries()) {
        if (isWrong(equation) && !isCorrected(lines, line.number, equation)) {
          const detail = `${equation.left} is not ${equation.right}`;
          // Where the result is a number that the conversation gives, what leads to it is wrong: `9 × 105 = 306`.
          const isGiven = numbersOf(conversation).includes(equation.right);
          const repair = isGiven ? undefined : repairOf(line.text, equations.slice(0, index + 1));
          return fail(detail, {
            line: line.number,
            wrong: equation.right,
            repair,
          });
        }
        if (equation.verdict === 'pass') held.push(line.number);
      }
    }
    for (const line of standingLines(answer)) {
      const wrong = equationsOf(line.text).find(wrongIn(line.text));
      if (wrong !== undefined)
        return fail(`the answer says that ${wrong.left} is ${wrong.right}`, { wrong: wrong.right });
    }
    return held.length === 0 ? abstain('no equation to judge') : pass(allHold(held.length, 'equation'), { held });
  },
});

/**
 * True if a later line denies it, or works it out correctly after a doubt; false if the thought continues
 * with the wrong value all the same.
 */
function isCorrected(lines: readonly ThoughtEquations[], line: number, { left, right }: Equation): boolean {
  if (!/^-?[\d.]+$/.test(right)) return lineOfRedoing(lines, line, left) !== undefined;
  const value = right.replace('.', '\\.');
  const next = lines.slice(line + 1).find(({ text }) => text.trim() !== '')?.text ?? '';
  const denied = new RegExp(`(?:^|=|\\b(?:which|that|this|it)(?: is|['’]s))\\s*not ${value}(?![\\d.]*\\d)`);
  if (denied.test(next)) return true;
  const again = lineOfRedoing(lines, line, left);
  if (again === undefined) return false;
  const used = new RegExp(`(?<!\\bnot |[\\d.,/^-])${value}(?![\\d/^%]|[.,]\\d)`);
  return !lines.slice(again + 1).some(({ text }) => used.test(text));
}

/** The line at or after `line` that works it out correctly, after a doubt. */
function lineOfRedoing(lines: readonly ThoughtEquations[], line: number, left: string): number | undefined {
  const again = lines.findIndex(({ rights }, index) => index >= line && rights().has(left));
  return again >= 0 && lines.slice(line, again + 1).some(({ text }) => doubt.test(text)) ? again : undefined;
}

/** `rights`: the left sides of a line's equations that hold. */
type ThoughtEquations = { text: string; rights: () => ReadonlySet<string> };

function linesOf(thought: string): ThoughtEquations[] {
  return thought.split('\n').map((text) => {
    let found: ReadonlySet<string> | undefined;
    const rights = () => {
      found ??= new Set(equationsOf(text).flatMap(({ verdict, left }) => (verdict === 'pass' ? [left] : [])));
      return found;
    };
    return { text, rights };
  });
}

function keyOf({ left, right }: Pick<Equation, 'left' | 'right'>): string {
  return `${left} = ${right}`;
}

function numbersOf(text: string): string[] {
  return (withoutThousands(text).match(/\d+(?:\.\d+)?/g) ?? []).map((number) => String(Number(number)));
}

/** The last of these equations with its exact value; its result is the line's that many-th of that number. */
function repairOf(line: string, equations: readonly Equation[]): Repair | undefined {
  const failed = equations.at(-1);
  if (failed?.exact === undefined) return undefined;
  if (!/^-?\d+(?:\.\d+)?$/.test(failed.right)) return workedOut(line, equations, failed.exact);
  const count = equations.filter((one) => one.right === failed.right).length;
  const results = [...line.matchAll(result)].filter(([, number]) => number === failed.right);
  const place = results[count - 1];
  if (place === undefined) return undefined;
  const repair = { at: place.index + place[0].length - failed.right.length, text: failed.exact };
  // Numbers are written in many ways: what is not the same equation with another result is some other place.
  const put = equationsOf(line.slice(0, repair.at) + repair.text);
  const last = put.at(-1);
  const isIt = put.length === equations.length && last?.left === failed.left && last.verdict !== 'fail';
  return isIt ? repair : undefined;
}

/** Each equals sign of a line is tried: a longer line would take seconds. */
const longestLine = 500;

/** What is worked out wrongly (`10 × 45 + 2 × 45 = 400 + 80`) is worked out at once: `= 540`. */
function workedOut(line: string, equations: readonly Equation[], exact: string): Repair | undefined {
  if (line.length > longestLine) return undefined;
  const failed = equations.at(-1);
  for (const place of line.matchAll(equalsSign)) {
    const at = place.index + place[0].length;
    const put = equationsOf(line.slice(0, at) + exact);
    const last = put.at(-1);
    if (put.length === equations.length && last?.left === failed?.left && last?.verdict === 'pass') {
      // Ended, or the model goes on with the terms that it had in mind.
      return { at, text: line.trimEnd().endsWith('.') ? `${exact}.` : exact };
    }
  }
  return undefined;
}
