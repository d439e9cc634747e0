import { z } from 'zod';
import { abstain, allHold, type Check, defineCheck, fail, pass, type Repair } from './check.ts';
import { standingLines, type ThoughtLine } from './thought-lines.ts';

/** A statement of a line: right, or wrong with the value that is wrong in it and why, and put right where that is known. */
export type Statement = { line: number } & (
  | { right: true }
  | { right: false; wrong: string; detail: string; repair?: Repair | undefined }
);

export const right = (line: number): Statement => ({ line, right: true });
export const wrong = (line: number, value: string, detail: string, repair?: Repair): Statement => ({
  line,
  right: false,
  wrong: value,
  detail,
  repair,
});

/** `text` in place of `value`, which stands in `line` at `from` or later; undefined where it doesn't, or stands there twice. */
export function inPlaceOf(
  value: string,
  line: string,
  text: string | number | undefined,
  from = 0,
): Repair | undefined {
  const places = [...line.matchAll(new RegExp(`(?<![\\w.])${escaped(value)}(?!\\w|\\.\\d)`, 'g'))];
  const [place, ...others] = places.filter(({ index }) => index >= from);
  if (text === undefined || place === undefined || (from === 0 && others.length > 0)) return undefined;
  return { at: place.index, text: String(text) };
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/**
 * A check of a thought's lines by what they themselves, the lines before them and the question say. Lines that it can't
 * read are none of its business.
 */
export function defineLineCheck(check: {
  name: string;
  description: string;
  statements(thought: { lines: readonly ThoughtLine[]; question: string }): Iterable<Statement>;
}): Check {
  return defineCheck({
    name: check.name,
    description: check.description,
    judges: 'line',
    options: z.object({}),
    run({ thought, question }) {
      const held: number[] = [];
      for (const statement of check.statements({ lines: standingLines(thought), question })) {
        if (!statement.right) {
          const { detail, line, wrong, repair } = statement;
          return fail(detail, { line, wrong, repair });
        }
        held.push(statement.line);
      }
      return held.length === 0 ? abstain('nothing to judge') : pass(allHold(held.length, 'statement'), { held });
    },
  });
}
