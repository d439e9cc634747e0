import { z } from 'zod';
import { abstain, type Check, defineCheck, fail, pass } from './check.ts';
import { standingLines, type ThoughtLine } from './thought-lines.ts';

/** A statement of a line: right, or wrong with the value that is wrong in it and why. */
export type Statement = { line: number } & ({ right: true } | { right: false; wrong: string; detail: string });

export const right = (line: number): Statement => ({ line, right: true });
export const wrong = (line: number, value: string, detail: string): Statement => ({
  line,
  right: false,
  wrong: value,
  detail,
});

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
    options: z.looseObject({}),
    run({ thought, question }) {
      const held: number[] = [];
      for (const statement of check.statements({ lines: standingLines(thought), question })) {
        if (!statement.right) return fail(statement.detail, { line: statement.line, wrong: statement.wrong });
        held.push(statement.line);
      }
      return held.length === 0 ? abstain('nothing to judge') : pass(`${held.length} statements hold`, { held });
    },
  });
}
