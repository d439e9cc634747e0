import { describe, expect, it } from 'vitest';
import { judge as judgeBy } from './judge.ts';

const judge = (concluded: string, answer: string) =>
  judgeBy('agreement', { thought: `So the answer is ${concluded}.`, answer });

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
    ['2 \\sqrt{5}', '\\boxed{2\\sqrt{5}}'],
    ['\\left(\\frac{3}{5}, \\frac{8}{3}\\right)', '\\boxed{(\\frac{3}{5},\\frac{8}{3})}'],
    ['7 dozen', '7'],
    ['x = -10, -8, -6', '\\boxed{-10,-8,-6}'],
    ['\\{-1, 0, 1\\}', '\\boxed{{-1,0,1}}'],
  ])('has nothing against %s and %s', async (concluded, answer) => {
    expect(await judge(concluded, answer)).not.toMatchObject({ verdict: 'fail' });
  });

  it.each([
    'The answer is 4.\nWait, I forgot the last one.\nWith it there are 5 of them.',
    'So the answer is 4.\nThat leaves out the last one.\nThere are 5 of them.\nAll are counted now.',
    'Perhaps the answer is 4, but I stay with 5.',
  ])('takes no conclusion from before the thought’s end: %s', async (thought) => {
    expect(await judgeBy('agreement', { thought, answer: '5' })).not.toMatchObject({ verdict: 'fail' });
  });

  it('takes a question that is answered at once for no doubt', async () => {
    const thought = 'Is it 12? Yes.\nSo the answer is 12.';
    expect(await judgeBy('agreement', { thought, answer: '13' })).toMatchObject({ verdict: 'fail' });
  });

  it('finds no conclusion in a part of a word', async () => {
    expect(await judge('no', 'none of them')).not.toMatchObject({ verdict: 'pass' });
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
    ['5', '15'],
    ['5', '1.5'],
    ['1', '1/9'],
  ])('fails %s and %s', async (concluded, answer) => {
    expect(await judge(concluded, answer)).toMatchObject({ verdict: 'fail' });
  });
});
