import { checks } from '../../../src/reasoning/checks/index.ts';

/** What one line check says of a thought. */
export async function judgeLines(name: string, question: string, thought: string) {
  const check = checks.get(name);
  if (check === undefined) throw new Error(`no check ${name}`);
  const signal = new AbortController().signal;
  return check.run({ question, thought, answer: '' }, { options: {}, services: {}, signal });
}
