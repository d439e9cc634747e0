import { describe, expect, it } from 'vitest';
import type { CheckServices } from '../../src/checks/check.ts';
import { judge } from './judge.ts';

const answer = 'Here it is:\n\n```python\ndef solve(x):\n    return x * x\n```\n\nIt squares.';
const tests = { code: 'assert solve(3) == 9' };

/** A sandbox that says what `says` makes of the program. */
function python(says: (program: string) => { output: string; isError: boolean }) {
  const programs: string[] = [];
  const services: CheckServices = {
    async runPython(code) {
      programs.push(code);
      return says(code);
    },
  };
  return { programs, services };
}

/** What a program prints that runs to its end. */
const toItsEnd = (program: string) => ({
  output: `${/print\("\\n(.*)"\)$/.exec(program)?.[1] ?? 'nothing'}\n`,
  isError: false,
});

describe('the check python', () => {
  it('runs the answer’s code, then the tests, and passes where both end', async () => {
    const { programs, services } = python(toItsEnd);
    expect(await judge('python', { answer }, tests, services)).toMatchObject({ verdict: 'pass' });
    expect(programs[0]).toContain('return x * x\n\nanswer = ');
    expect(programs[0]).toContain('assert solve(3) == 9');
  });

  it('fails with the error’s last line', async () => {
    const { services } = python(() => ({ output: 'Traceback\nAssertionError: 8\n', isError: true }));
    expect(await judge('python', { answer }, tests, services)).toEqual({
      verdict: 'fail',
      detail: 'the caller’s tests failed: AssertionError: 8',
    });
  });

  it('fails where the answer’s code ends the program before the tests', async () => {
    const { services } = python(() => ({ output: '', isError: false }));
    expect(await judge('python', { answer: '```\nexit()\n```' }, tests, services)).toMatchObject({ verdict: 'fail' });
  });

  it.each([
    [{ answer: 'It is 9.', value: '9' }, 'answer = 9\n'],
    [{ answer: 'It is -0.5.', value: '-0.5' }, 'answer = -0.5\n'],
    [{ answer: 'Paris "the" city' }, 'answer = "Paris \\"the\\" city"\n'],
  ])('gives the value as `answer`: %j', async (input, line) => {
    const { programs, services } = python(toItsEnd);
    await judge('python', input, tests, services);
    expect(programs[0]).toContain(line);
  });

  it('abstains where there is no Python', async () => {
    expect(await judge('python', { answer }, tests)).toMatchObject({ verdict: 'abstain' });
  });
});
