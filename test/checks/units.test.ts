import { describe, expect, it } from 'vitest';
import { judge as judgeBy } from './judge.ts';

const judge = (question: string, answer: string) => judgeBy('units', { question, answer });

describe('the unit of an answer', () => {
  it.each([
    ['What percentage is it?', '40 per cent'],
    ['What percentage is it?', '40 percent'],
    ['What percentage is it?', '40 out of 100'],
    ['How long does the runner in second place take?', '3 minutes'],
    ['How many second graders are there?', '3 hours'],
    ['How many days are there in years that are no leap years?', '365 days'],
    ['How many kilometers is it? Say it in meters.', '5000 meters'],
  ])('has nothing against it: %s %s', async (question, answer) => {
    expect(await judge(question, answer)).not.toMatchObject({ verdict: 'fail' });
  });

  it.each([
    ['What percentage is it?', '40 apples'],
    ['How long does it take in minutes?', '2 hours'],
    ['How far is it in km?', '200 m'],
    ['How many feet is it?', '2 inches'],
  ])('fails it: %s %s', async (question, answer) => {
    expect(await judge(question, answer)).toMatchObject({ verdict: 'fail' });
  });
});
