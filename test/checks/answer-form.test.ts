import { describe, expect, it } from 'vitest';
import { judge as judgeBy } from './judge.ts';

const judge = (question: string, answer: string) => judgeBy('answer-form', { question, answer });

describe('the form of an answer', () => {
  it.each([
    ['Name 3 fruits and 2 vegetables.', '- fig\n- pear\n- plum\n- leek\n- kale'],
    ['List 2 fruits with an example each.', '- fig\n- pear\n- plum'],
    ['List 2 fruits.', '- Fig\n  - sweet\n  - soft\n- Pear\n  - green'],
    ['List 2 fruits.', '1. Fig\n- sweet\n2. Pear\n- green'],
    ['Write 12 as a product of primes.', '2, 2, 3'],
    ['Write 3 sentences.', 'One, two'],
    ['They give 5 apples to their friends. Who gets them?', 'Tom and Ann'],
    ['Do not answer in JSON.', 'It is four.'],
    ['Don’t reply with just the number.', 'It is four.'],
    ['Answer this: how are dates stored in JSON?', 'As strings.'],
    ['He is only a number to them. What is he called?', 'Number Six, I think.'],
    ['She knows just the name of the street. Where does she live?', 'In the street because she said so.'],
    ['Answer in one word, then explain.', 'Paris. It is the capital of France.'],
    ['Which letter is missing in one word of the list?', 'The letter is b.'],
    ['Explain in exactly 3 words.', 'two - three four'],
    ['Omar has 8 coins, Mark has 11. Who has more coins?', 'The answer is Mark'],
    ['Who has more, and by how many? Then explain.', '3'],
    ['Ann read 6 books and Tom 8. Who has read more, and by how much?', '2'],
  ])('sees nothing wrong: %s %s', async (question, answer) => {
    expect(await judge(question, answer)).not.toMatchObject({ verdict: 'fail' });
  });

  it.each([
    ['Just the number, please.', 'It is four, I think.'],
    ['What is it? Return only the number.', 'It is four, I think.'],
    ['Reply with only a number.', 'It is four, I think.'],
    ['Return the names and ages as JSON.', 'Ann is 5.'],
    ['Please list 2 fruits.', '- fig\n- pear\n- plum'],
    ['Omar has 8 coins, Mark has 11. Who has more coins?', 'The answer is -3'],
    ['Name 2 fruits.', '- fig\n  - sweet\n- pear\n- plum'],
  ])('still fails: %s %s', async (question, answer) => {
    expect(await judge(question, answer)).toMatchObject({ verdict: 'fail' });
  });
});
