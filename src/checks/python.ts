import { z } from 'zod';
import { abstain, defineCheck } from './check.ts';
import { codeBlocks } from './code-blocks.ts';

/** The caller's own tests of the answer: its code runs first, then `answer` is its value, then the tests. */
export const python = defineCheck({
  name: 'python',
  description: 'The caller’s own tests in Python: the answer’s code block is run first, its value is `answer`.',
  judges: 'value',
  confirms: true,
  slow: true,
  options: z.object({ code: z.string().min(1, 'expected tests').max(65_536) }),
  async run({ answer, value }, { options, services, signal }) {
    if (services.runPython === undefined) return abstain('Python is not available here');
    // Printed after the tests: code that ends the program early has not passed them.
    const passed = crypto.randomUUID();
    const program = [
      ...codeBlocks(answer),
      `answer = ${pythonValue(value ?? answer)}`,
      options.code,
      `print(${JSON.stringify(`\n${passed}`)})`,
    ].join('\n\n');
    const { output, isError } = await services.runPython(program, { signal });
    if (!isError && output.trimEnd().endsWith(passed)) return { verdict: 'pass', detail: 'the caller’s tests passed' };
    const last = output.replace(passed, '').trimEnd().split('\n').at(-1) ?? '';
    return { verdict: 'fail', detail: `the caller’s tests failed${last === '' ? '' : `: ${last.slice(0, 200)}`}` };
  },
});

/** A number as one, all else as text; JSON's strings are Python's. */
function pythonValue(text: string): string {
  return /^-?\d{1,300}(?:\.\d{1,300})?$/.test(text) ? text.replace(/^(-?)0+(?=\d)/, '$1') : JSON.stringify(text);
}
