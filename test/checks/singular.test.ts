import { describe, expect, it } from 'vitest';
import { checks } from '../../src/checks/index.ts';

const week = 'Today is Monday. What day is it later?';

describe('of one, a check speaks in the singular', () => {
  it.each([
    ['arithmetic', '', '1 + 1 = 2', '1 equation holds'],
    ['arithmetic', '', '1 + 1 = 2\n2 + 2 = 4', '2 equations hold'],
    ['calendar', week, 'Counting 1 forward: Monday -> Tuesday', '1 statement holds'],
    ['calendar', week, 'Counting 3 forward: Monday -> Tuesday', 'this is 1 step, not 3'],
    ['calendar', week, 'Counting 4 forward: Monday -> Tuesday -> Wednesday', 'these are 2 steps, not 4'],
    ['remainders', '', '100 minutes is 1 hour and 1 minute.', '1 hour and 1 minute are 61 minutes'],
    ['remainders', '', '100 minutes is 1 hour and 2 minutes.', '1 hour and 2 minutes are 62 minutes'],
  ])('%s: %s %s: %s', async (name, question, thought, detail) => {
    const at = { options: {}, services: {}, signal: new AbortController().signal };
    expect(await checks.get(name)?.run({ question, thought, answer: '' }, at)).toMatchObject({ detail });
  });
});
