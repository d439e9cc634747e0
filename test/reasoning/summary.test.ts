import { describe, expect, it } from 'vitest';
import { summarise } from '../../src/reasoning/summary.ts';
import { createTestModel } from '../support/scripted-model.ts';
import { runStrategy } from '../support/strategy-run.ts';

const secret = 'my private musing';
const model = () =>
  createTestModel({
    script: (request) =>
      request.thinking?.prefix === undefined
        ? { thought: `${secret}\n${secret}: 2 + 2 = 5.\nSo the answer is 5.`, answer: 'The answer is 5.' }
        : { thought: '.\nSo the answer is 4.', answer: 'The answer is 4.' },
  });

describe('summarise', () => {
  it('tells what was tried, found wrong and decided, without the thoughts', async () => {
    const { steps } = await runStrategy('deliberate', { model: model(), effective: { samples: 1 } });
    const text = summarise(steps, 'concise');
    expect(text).toBe(
      'Drafted an answer. Thought in 1 chain, which came to 5. Found wrong and revised: arithmetic: 2 + 2 is not 5. 4 leads the vote (1 ballot, probability 0.47).',
    );
    expect(summarise(steps, 'auto')).toBe(text);
    const detailed = summarise(steps, 'detailed');
    expect(detailed.split('\n')).toHaveLength(steps.length);
    expect(text + detailed).not.toContain(secret);
  });

  it('says so where nothing was thought', async () => {
    const { steps } = await runStrategy('direct', { model: model() });
    expect(summarise(steps, 'auto')).toBe('Answered at once, without thinking.');
  });
});
