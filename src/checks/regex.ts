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
    pattern: z.string().max(1000, { abort: true }).superRefine(checkPattern),
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

/** Characters of a pattern with its counted repetitions written out: RE2 writes them out when it reads it, 8 ms for so many. */
const mostWrittenOut = 3_000;

/** Reads it, and compiles nothing: a pattern of a thousand characters may take a tenth of a second to. */
function checkPattern(pattern: string, context: z.core.$RefinementCtx<string>): void {
  if (writtenOut(pattern) > mostWrittenOut) {
    const message = `expected a pattern of at most ${mostWrittenOut} characters with its repetitions ({n,m}) written out`;
    context.addIssue({ code: 'custom', message });
    return;
  }
  try {
    new RE2Set().add(RE2JS.translateRegExp(pattern));
  } catch (error) {
    const reason = error instanceof RE2JSSyntaxException ? ` (${error.getDescription()}: ${error.getPattern()})` : '';
    const message = `expected a regular expression without backreferences and lookaround${reason}`;
    context.addIssue({ code: 'custom', message });
  }
}

/** How many characters (or classes) a pattern has with each `{n,m}` written out; one that is wrong has some number. */
function writtenOut(pattern: string): number {
  /** Of each group that is open: what stands in it so far. */
  const sums = [0];
  const add = (size: number) => sums.push((sums.pop() ?? 0) + size);
  let last = 0;
  for (const [part, , least, most] of pattern.matchAll(parts)) {
    if (part.startsWith('(')) sums.push(0);
    else if (part === ')') {
      last = sums.length > 1 ? (sums.pop() ?? 0) : 0;
      add(last);
    } else if (least !== undefined) {
      const grown = last * Math.max(0, Number(most || least) - 1);
      last += grown;
      add(grown);
    } else if (!/^[*+?|]$/.test(part)) {
      last = 1;
      add(last);
    }
  }
  return sums.reduce((sum, size) => sum + size, 0);
}

/** A group's start, an escape, a class, a counted repetition, or one character. */
const parts =
  /(\((?:\?(?:[:=!]|<[=!]|P?<[^>]*>))?|\\[pPux]\{[^}]*\}|\\.|\[\^?\]?(?:\\.|[^\]\\])*\])|\{(\d+)(?:,(\d*))?\}|[\s\S]/gu;

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
