import { runInNewContext } from 'node:vm';
import { z } from 'zod';
import { defineCheck, fail, pass } from './check.ts';

/** ms; a pattern of a caller's may backtrack for ever, and only a timeout of the engine ends that. */
const timeLimit = 50;

/** The whole answer fits the caller's pattern. */
export const regex = defineCheck({
  name: 'regex',
  description: 'The answer matches the given JavaScript pattern.',
  judges: 'value',
  options: z.looseObject({
    pattern: z.string().max(1000),
    flags: z
      .string()
      .regex(/^[imsu]*$/)
      .optional(),
  }),
  run({ answer }, { options }) {
    const data = { pattern: options.pattern, flags: options.flags ?? '', text: answer.trim() };
    // No sandbox is needed for a pattern, which is data here; the context is there for its timeout.
    const fits: unknown = runInNewContext('new RegExp(pattern, flags).test(text)', data, { timeout: timeLimit });
    return fits === true ? pass('the answer matches the pattern') : fail('the answer does not match the pattern');
  },
});
