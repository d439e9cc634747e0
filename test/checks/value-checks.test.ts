import { describe, expect, it } from 'vitest';
import { judge } from './judge.ts';

describe('value checks', () => {
  it.each([
    ['So the answer is 4.', 'The answer is 4.', 'pass'],
    ['So the answer is $4.00.', '4 dollars', 'pass'],
    ['So the answer is 4.', 'The answer is 5.', 'fail'],
    ['So the answer is 6:05.', 'The answer is 6:50.', 'fail'],
    ['Nothing concluded', 'The answer is 5.', 'abstain'],
    ['So the answer is 12.', 'Less than 12.', 'abstain'],
    ['So the answer is 12.', '12 or 13', 'abstain'],
    ['So the answer is 12.', '12 (less than 20)', 'pass'],
    ['So the answer is not 12.', '12', 'abstain'],
  ])('agreement: %s / %s: %s', async (thought, answer, verdict) => {
    expect(await judge('agreement', { thought, answer })).toMatchObject({ verdict });
  });

  it.each([
    ['reverse("reel") = leer.\nSo the answer is leer.', 'pass'],
    ['reverse("reel") = leer.\nSo the answer is l-e-e-r.', 'pass'],
    ['reverse("reel") = leer.\nSo the answer is reer.', 'fail'],
    [
      'reverse("reel") = leer.\nSo the answer is reer.\nWait, reer is wrong. I do that step again.\nSo the answer is leer.',
      'pass',
    ],
    ['sort("pear", "fig") = fig, pear.\nSo the answer is fig, peach.', 'fail'],
    ['sort("pear", "fig") = fig, pear.\nSo the answer is fig.', 'abstain'],
    ['Ann has a blue ball.\nlongest("red", "green") = green.\nSo the answer is blue.', 'abstain'],
    ['length("reel") = 4.\nSo the answer is 5.', 'abstain'],
    ['reverse("level") = level.\nSo the answer is yes.', 'abstain'],
    ['It is leer.\nSo the answer is reer.', 'abstain'],
  ])('conclusion: %j: %s', async (thought, verdict) => {
    const found = await judge('conclusion', { thought, answer: 'It is leer.' });
    expect(found).toMatchObject({ verdict, ...(verdict === 'fail' && { line: 1 }) });
  });

  it.each([
    ['What is 2 + 2? Answer with only the number.', '4', 'pass'],
    ['What is 2 + 2? Answer with only the number.', 'It is four, I think.', 'fail'],
    ['Reply with just the answer.', 'The answer is 4.', 'fail'],
    ['Is it? Answer yes or no.', 'The answer is no.', 'pass'],
    ['Is it? Answer yes or no.', 'Perhaps.', 'fail'],
    ['Answer as JSON like {"answer": ...}.', '{"answer": 4}', 'pass'],
    ['Answer as JSON.', 'answer: 4', 'fail'],
    ['Answer in one word.', 'Paris.', 'pass'],
    ['Answer in one word.', 'The city of Paris', 'fail'],
    ['Explain in at most 5 words.', 'one two three four five six', 'fail'],
    ['List 3 colors.', '- red\n- blue\n- green', 'pass'],
    ['List three colors.', 'red, blue', 'fail'],
    ['What is 2 + 2?', '4', 'abstain'],
  ])('answer-form: %s %s: %s', async (question, answer, verdict) => {
    expect(await judge('answer-form', { question, answer })).toMatchObject({ verdict });
  });

  it.each([
    ['How many minutes are in 2 hours?', '120 minutes', 'pass'],
    ['How many minutes are in 2 hours?', '2 hours', 'fail'],
    ['How many minutes are in 2 hours?', '120', 'abstain'],
    ['What percentage is it?', '25%', 'pass'],
    ['What percentage is it?', '25 apples', 'fail'],
    ['How many apples?', '5 apples', 'abstain'],
  ])('units: %s %s: %s', async (question, answer, verdict) => {
    expect(await judge('units', { question, answer })).toMatchObject({ verdict });
  });

  it('expected takes a whole text as well, and abstains where it is another', async () => {
    const value = 'def twice(x): return 2 * x';
    expect(await judge('expected', { answer: `${value}\n` }, { value })).toMatchObject({ verdict: 'pass' });
    expect(await judge('expected', { answer: 'def twice(x): return x + x' }, { value })).toMatchObject({
      verdict: 'abstain',
    });
  });

  it.each([
    ['The answer is not 12.', 12, 'abstain'],
    ["The answer isn't 12.", 12, 'abstain'],
    ['Less than 12.', 12, 'abstain'],
    ['The answer is at least 12.', '12 hours', 'abstain'],
    ['12 or more', 12, 'abstain'],
    ['It is 12, not 13.', 12, 'pass'],
    ['It is 13, not 12.', 12, 'fail'],
    ['It is not hard: 12.', 12, 'pass'],
    ['There are not 10 left. The answer is 12.', 12, 'pass'],
  ])('expected takes no number that the answer denies or only limits: %s', async (answer, value, verdict) => {
    expect(await judge('expected', { answer, question: 'How many are left?' }, { value })).toMatchObject({ verdict });
  });

  it('expected compares normalised values and does not tell what was expected', async () => {
    expect(await judge('expected', { answer: 'The answer is 1,200.' }, { value: 1200 })).toMatchObject({
      verdict: 'pass',
    });
    const finding = await judge('expected', { answer: 'The answer is 7.' }, { value: 1200 });
    expect(finding).toMatchObject({ verdict: 'fail', wrong: '7' });
    expect(JSON.stringify(finding)).not.toContain('1200');
  });

  it('json-schema judges by the schema', async () => {
    const schema = { type: 'object', required: ['a'], properties: { a: { type: 'integer' } } };
    expect(await judge('json-schema', { answer: '{"a": 1}' }, { schema })).toMatchObject({ verdict: 'pass' });
    expect(await judge('json-schema', { answer: '{"a": "x"}' }, { schema })).toMatchObject({ verdict: 'fail' });
    expect(await judge('json-schema', { answer: 'a' }, { schema })).toMatchObject({ verdict: 'fail' });
  });

  it('regex judges by the pattern and is linear in the answer whatever it is', async () => {
    expect(await judge('regex', { answer: 'AB-12' }, { pattern: '^[A-Z]+-\\d+$' })).toMatchObject({ verdict: 'pass' });
    expect(await judge('regex', { answer: 'ab' }, { pattern: '^[A-Z]+$' })).toMatchObject({ verdict: 'fail' });
    for (const pattern of ['^(a+)+$', '^(a|a)*$', '^(\\w+\\s?)*$x']) {
      const answer = `${'a'.repeat(20_000)}!`;
      expect(await judge('regex', { answer }, { pattern })).toMatchObject({ verdict: 'fail' });
    }
    for (const pattern of ['(.{0,500}x){2}', '^((a{1,9}){1,9}){1,9}c', '(?:(?:\\p{L}|\\p{N}|\\p{S}){1,30}){1,33}$']) {
      const given = (length: number) => judge('regex', { answer: 'a'.repeat(length) }, { pattern });
      expect(await given(20_000)).toMatchObject({ verdict: 'abstain', detail: expect.stringMatching(/too large/) });
      expect((await given(100)).verdict).not.toBe('abstain');
    }
    // Reading the last one took seconds: its repetitions written out are 60,000 characters.
    const large = '(a{1,900}){0,1}'.repeat(66);
    for (const pattern of ['(a)\\1', '(?=a)a', '(', '((a{100}){100}){100}', large]) {
      expect(await judge('regex', { answer: 'aa' }, { pattern })).toMatchObject({ verdict: 'abstain' });
    }
  });

  it.each([
    [2, {}, 'abstain'],
    [2, { pass_above: 1 }, 'pass'],
    [-2, { fail_below: -1 }, 'fail'],
    [0, { pass_above: 1, fail_below: -1 }, 'abstain'],
  ])('self-verdict with log-odds %d and %j: %s', async (odds, options, verdict) => {
    expect(await judge('self-verdict', { answer: '4' }, options, { verdict: async () => odds })).toMatchObject({
      verdict,
    });
  });

  it('webhook posts question and answer and takes the verdict', async () => {
    const posted: unknown[] = [];
    const postCheck = async (url: string, body: unknown) => {
      posted.push([url, body]);
      return { verdict: 'fail', detail: 'no', wrong: '4' };
    };
    const options = { url: 'https://example.com/check' };
    const finding = await judge('webhook', { question: 'Q', answer: '4' }, options, { postCheck });
    expect(finding).toEqual({ verdict: 'fail', detail: 'no', wrong: '4' });
    expect(posted).toEqual([['https://example.com/check', { type: 'check', question: 'Q', answer: '4', value: null }]]);
    expect(await judge('webhook', {}, options)).toMatchObject({ verdict: 'abstain' });
  });
});
