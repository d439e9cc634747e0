import { describe, expect, it } from 'vitest';
import type { GenerateRequest } from '../../../src/core/language-model.ts';
import { createTestModel, type Script } from '../../support/scripted-model.ts';
import { runStrategy, table } from '../../support/strategy-run.ts';

const question = 'Write a poem about the sea.';
const poem = (first: string): string => `${first} is blue and wide,\nand I sit here and watch the tide.`;
const tooLong = `${poem('It')} ${Array.from({ length: 40 }, (_, at) => `wave${at}`).join(' ')}`;
const isDraft = (request: GenerateRequest) => request.thinking === undefined;
/** So that there is a draft. */
const deadlineAt = 100_000;
/** A draft where one is made, and chains that all say the same. */
const createModel = (draft: string, chain: Partial<Script> & { answer: string }) =>
  createTestModel({
    script: (request) => (isDraft(request) ? { answer: draft } : { thought: 'I rhyme.', ...chain }),
  });
const chainsOf = (model: ReturnType<typeof createModel>) =>
  model.requests.filter((request) => !isDraft(request)).reduce((sum, { samples }) => sum + samples, 0);
const because = (run: Awaited<ReturnType<typeof runStrategy>>) =>
  run.steps.find((step) => step.phase === 'answer')?.because;

describe('an open question', () => {
  it('is thought about in one chain', async () => {
    const model = createModel(poem('The sea'), { answer: poem('The ocean') });
    const run = await runStrategy('deliberate', { model, question });
    expect(chainsOf(model)).toBe(1);
    expect(run.answer).toBe(poem('The ocean'));
    expect(run.outcome).toMatchObject({ thinkingStop: 'natural', answerSource: 'deliberate' });
    expect(because(run)).toBe('An answer in open text cannot be voted on, so one chain is enough.');
  });

  it('tells why its chain ended', async () => {
    const model = createModel(poem('The sea'), { answer: poem('The ocean'), closes: false });
    const run = await runStrategy('deliberate', { model, question });
    expect(chainsOf(model)).toBe(1);
    expect(run.outcome.thinkingStop).toBe('budget');
  });

  it('is thought about again where all that stands goes in circles', async () => {
    const circles = 'and the sea, '.repeat(10);
    const model = createTestModel({
      script: (request) => ({
        thought: 'I rhyme.',
        answer: request.sampling.temperature === 0 ? circles : poem('The sea'),
      }),
    });
    const run = await runStrategy('deliberate', { model, question });
    expect(model.requests).toHaveLength(2);
    expect(run.answer).toBe(poem('The sea'));
    expect(run.outcome.incomplete).toBeUndefined();
  });

  it('is not thought about again by an attempt that comes after', async () => {
    const first = await runStrategy('deliberate', { model: createModel('', { answer: poem('The sea') }), question });
    const finishedSteps = first.steps.filter((step) => step.phase !== 'answer');
    expect(finishedSteps.filter((step) => step.phase === 'think')).toHaveLength(1);
    const model = createModel(poem('It'), { answer: poem('It') });
    const run = await runStrategy('deliberate', { model, question, finishedSteps });
    expect(chainsOf(model)).toBe(0);
    expect(run.answer).toBe(poem('The sea'));
  });

  it('has its chain revised where a check failed', async () => {
    const model = createTestModel({
      script(request) {
        if (isDraft(request)) return { answer: poem('The sea') };
        return request.thinking?.prefix === undefined
          ? { thought: '2 + 2 = 5 lines.\nOn.', answer: poem('Five') }
          : { thought: ' lines.\nOn.', answer: poem('Four') };
      },
    });
    const run = await runStrategy('deliberate', { model, question });
    expect(chainsOf(model)).toBe(2);
    expect(run.answer).toBe(poem('Four'));
    expect(run.outcome.answerSource).toBe('revision');
  });

  it.each([
    ['best-of-n', {}],
    ['self-consistency', { adaptive: false }],
    ['deliberate', { without: ['adaptive'] }],
    ['deliberate', { without: ['vote'] }],
  ])('gets all its chains from %s with %j', async (strategy, options) => {
    const model = createModel(poem('The sea'), { answer: poem('The ocean') });
    const run = await runStrategy(strategy, { model, question, options, effective: { samples: 3 } });
    expect(chainsOf(model)).toBe(3);
    expect(because(run)).not.toContain('one chain');
  });

  it('is put to the vote where an answer has a value', async () => {
    const model = createModel('', { answer: '4' });
    await runStrategy('deliberate', { model, question });
    expect(chainsOf(model)).toBeGreaterThan(1);
  });

  it('begins with one chain, where a question for a value begins with a whole wave', async () => {
    const sampled = { ...table, greedy_first: false };
    const first = async (asked: string) => {
      const model = createModel('', { answer: poem('The sea') });
      await runStrategy('deliberate', { model, question: asked, table: sampled });
      return model.requests[0]?.samples;
    };
    expect(await first(question)).toBe(1);
    expect(await first('How many lines has a sonnet?')).toBe(2);
  });

  it('is put to the vote where the answers are held to a form', async () => {
    const choices = ['I liked it very much and I would go again.', 'I did not like it, and I would not go again.'];
    const model = createModel(choices[0] ?? '', { answer: choices[1] ?? '' });
    const answer = { maxTokens: 32, constraint: { type: 'choice' as const, choices } };
    const run = await runStrategy('deliberate', { model, question, answer });
    expect(run.outcome).toMatchObject({ thinkingStop: 'settled_vote', answerSource: 'vote' });
    expect(run.answer).toBe(choices[1]);
  });
});

describe('an answer that did not come to its end', () => {
  const cut = `The answer is 5. ${'and so it goes on '.repeat(20)}`;
  const circling = 'The answer is 5. '.repeat(8);

  it.each([
    ['was cut', cut, 32],
    ['goes in circles', circling, 64],
  ])('casts no ballot where it %s', async (_, answer, maxTokens) => {
    const model = createModel('The answer is 4.', { answer });
    const run = await runStrategy('deliberate', {
      model,
      answer: { maxTokens },
      effective: { samples: 1 },
      deadlineAt,
    });
    expect(run.answer).toBe('The answer is 4.');
    expect(run.outcome).toMatchObject({ answerSource: 'draft' });
    expect(run.outcome.incomplete).toBeUndefined();
    expect(run.steps.find((step) => step.phase === 'vote')?.tally).toMatchObject([{ answer: '4', ballots: 1 }]);
    expect(because(run)).toContain('1 answer was left out: cut or repetitive.');
  });

  it('casts no ballot as a draft either', async () => {
    const model = createModel(circling, { answer: 'The answer is 4.' });
    const run = await runStrategy('deliberate', {
      model,
      answer: { maxTokens: 64 },
      effective: { samples: 1 },
      deadlineAt,
    });
    expect(run.steps.find((step) => step.phase === 'vote')?.tally).toMatchObject([{ answer: '4' }]);
    expect(run.steps[0]?.summary).toBe('The draft answered 5, repeating itself.');
  });

  it('casts one where nothing else stands', async () => {
    const model = createModel('', { answer: cut });
    const run = await runStrategy('self-consistency', { model });
    expect(run.answer).toContain('The answer is 5.');
    expect(run.outcome).toMatchObject({ answerSource: 'vote', incomplete: 'max_output_tokens' });
  });

  it.each([
    ['is empty', ' '],
    ['was cut', tooLong],
  ])('gives way to a draft in words where the chain’s %s', async (_, answer) => {
    const model = createModel(poem('The sea'), { answer });
    const run = await runStrategy('deliberate', { model, question, deadlineAt });
    expect(run.answer).toBe(poem('The sea'));
    expect(run.outcome.answerSource).toBe('draft');
    expect(run.outcome.incomplete).toBeUndefined();
  });

  it('is told of where the draft stands', async () => {
    const model = createModel(poem('The sea'), { answer: tooLong });
    const run = await runStrategy('deliberate', { model, question, deadlineAt });
    expect(chainsOf(model)).toBe(1);
    expect(because(run)).toBe(
      'An answer in open text cannot be voted on, so one chain is enough. Its answer was cut or repeated itself, so the draft is kept.',
    );
  });

  it('takes no chain’s place as a revision', async () => {
    const model = createTestModel({
      script(request) {
        if (isDraft(request)) return { answer: ' ' };
        return request.thinking?.prefix === undefined
          ? { thought: '2 + 2 = 5.\nSo the answer is 5.', answer: 'The answer is 5.' }
          : { thought: '.\nSo the answer is 5.', answer: cut };
      },
    });
    const run = await runStrategy('deliberate', { model, effective: { samples: 1, max_revisions: 1 } });
    expect(run.steps.some((step) => step.phase === 'revise')).toBe(true);
    expect(run.answer).toBe('The answer is 5.');
  });
});
