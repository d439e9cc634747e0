import { expect, it } from 'vitest';
import { sayAsPerson } from '../../eval/generator/say-as-person.ts';

it.each([
  ['What is 849 - 195?', 'what is eight hundred forty-nine minus one hundred ninety-five'],
  ['Compute 13 + 2 × 12.', 'compute thirteen plus two times twelve'],
  ['A bike costs $55. Tara saves $6 a week.', 'a bike costs $55. tara saves $6 a week'],
  ['It is 8:40. What time will it be in 20 minutes?', 'it is 8:40. what time will it be in twenty minutes'],
  ['Sort 81, 37, 18.', 'sort 81, 37, 18'],
  ['Which is larger, 13.5 or 13.978?', 'which is larger, 13.5 or 13.978'],
  ['Calculate 6339 + 8956.', 'calculate 6339 plus 8956'],
])('says %s as a person would', (question, said) => {
  expect(sayAsPerson(question)).toBe(said);
});
