import { describe, expect, it } from 'vitest';
import { agreement } from '../../../src/reasoning/checks/agreement.ts';

const judge = (concluded: string, answer: string) =>
  agreement.run(
    { question: '', thought: `So the answer is ${concluded}.`, answer },
    { options: {}, services: {}, signal: new AbortController().signal },
  );

describe('whether thought and answer agree', () => {
  it.each([
    ['5 kg', '5 kilograms'],
    ['0.5', '50%'],
    ['50%', '0.5'],
    ['12 apples', '12 left'],
    ['true', 'yes'],
    ['no', 'False'],
    ['3 hours', '180 minutes'],
    ['3 hours', '180'],
    ['2 dollars', '200'],
    ['red, blue', 'blue, red'],
    ['6:05', '6:05 pm'],
    ['a large brown dog', 'the brown dog'],
    ['the city of Paris', 'Paris'],
  ])('has nothing against %s and %s', async (concluded, answer) => {
    expect(await judge(concluded, answer)).not.toMatchObject({ verdict: 'fail' });
  });

  it.each([
    ['4 apples', '5 apples'],
    ['4', '5 apples'],
    ['yes', 'no'],
    ['true', 'no'],
    ['Uma', 'Liam'],
    ['red, blue', 'red, green'],
    ['B', 'C'],
    ['20%', '30%'],
  ])('fails %s and %s', async (concluded, answer) => {
    expect(await judge(concluded, answer)).toMatchObject({ verdict: 'fail' });
  });
});
