import { RE2JS, RE2JSSyntaxException, RE2Set } from 're2js';
import { z } from 'zod';
import { abstain, defineCheck, fail, pass } from './check.ts';

/** States that the pattern's program has × characters of the answer, each some 20 ns at the worst: it runs on the worker's own thread. */
const mostSteps = 1_000_000;

/**
 * The answer matches the caller's pattern. RE2's engine takes time linear in the answer whatever the pattern; what it
 * can't do in linear time (backreferences, lookaround) it refuses.
 */
export const regex = defineCheck({
  name: 'regex',
  description: 'The answer matches the given pattern: JavaScript’s syntax, without backreferences and lookaround.',
  judges: 'value',
  linear: true,
  options: z.object({
    pattern: z.string().max(1000).superRefine(checkPattern),
    flags: z
      .string()
      .regex(/^[imsu]*$/, "expected some of 'i', 'm', 's', 'u'")
      .optional(),
  }),
  run({ answer }, { options }) {
    const compiled = compile(options.pattern, options.flags ?? '');
    if (compiled === undefined) return abstain('the pattern can’t be matched in linear time');
    const text = answer.trim();
    if (compiled.programSize() * text.length > mostSteps)
      return abstain('the pattern is too large for so long an answer');
    return compiled.matcher(text).find()
      ? pass('the answer matches the pattern')
      : fail('the answer does not match the pattern');
  },
});

/** Reads it, and compiles nothing: a pattern of a thousand characters may take a tenth of a second to. */
function checkPattern(pattern: string, context: z.core.$RefinementCtx<string>): void {
  try {
    new RE2Set().add(RE2JS.translateRegExp(pattern));
  } catch (error) {
    const reason = error instanceof RE2JSSyntaxException ? ` (${error.getDescription()}: ${error.getPattern()})` : '';
    const message = `expected a regular expression without backreferences and lookaround${reason}`;
    context.addIssue({ code: 'custom', message });
  }
}

function compile(pattern: string, flags: string): RE2JS | undefined {
  const meanings = [
    ['i', RE2JS.CASE_INSENSITIVE],
    ['m', RE2JS.MULTILINE],
    ['s', RE2JS.DOTALL],
  ] as const;
  const bits = meanings.reduce((sum, [flag, bit]) => (flags.includes(flag) ? sum | bit : sum), 0);
  try {
    return RE2JS.compile(RE2JS.translateRegExp(pattern), bits);
  } catch {
    return undefined;
  }
}
