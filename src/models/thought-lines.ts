import { evaluateEnd } from '../evaluator/evaluate.ts';

/** A value as it is inserted behind an equals sign, a space before it, and the expression that it was computed from. */
export type FoundValue = { text: string; expression: string };

/** The part of a thought's text that computed values need: its last line, and whether that is code. */
export type ThoughtLines = {
  /** Takes the next text of the thought, sampled or inserted. */
  push(text: string): void;
  /** The last line so far. */
  readonly line: string;
  /** The last line ends in an equals sign that is not part of `==`, `<=`, `>=` or `!=`. */
  readonly equals: boolean;
  /** The last line is in a fenced code block, or contains a fence. */
  readonly inCode: boolean;
};

/** Text behind an equals sign that makes another sign of it (`==`, `=>`), which has no value. */
export const makesAnotherSign = (next: string): boolean => /^[=>]/.test(next);

/** The value of a last line that ends in an equals sign of its own; undefined in code, and where the line has no value. */
export function valueBehind({ line, inCode }: Pick<ThoughtLines, 'line' | 'inCode'>): FoundValue | undefined {
  const found = inCode ? undefined : evaluateEnd(line.slice(0, -1));
  return found && { text: ` ${found.value}`, expression: found.expression };
}

/** A code fence of CommonMark, also in a list or a quotation. */
const fenceLine = /^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(`{3,}|~{3,})(.*)$/;

/** @param given the text that the thought continues */
export function createThoughtLines(given: string): ThoughtLines {
  let line = '';
  let fence: string | undefined;
  const endLine = () => {
    const [, mark = '', rest = ''] = fenceLine.exec(line) ?? [];
    if (mark === '') return;
    if (fence === undefined) {
      // Backticks on both sides mark code within the line.
      if (!(mark.startsWith('`') && rest.includes('`'))) fence = mark;
    } else if (mark.startsWith(fence) && rest.trim() === '') fence = undefined;
  };
  const push = (text: string) => {
    const [first = '', ...others] = text.split('\n');
    line += first;
    for (const other of others) {
      endLine();
      line = other;
    }
  };
  push(given);
  return {
    push,
    get line() {
      return line;
    },
    get equals() {
      return /(?:^|[^=<>!])=$/.test(line.slice(-2));
    },
    get inCode() {
      return fence !== undefined || /`{3}|~{3}/.test(line);
    },
  };
}
