import { expect, it } from 'vitest';
import { connect, request, script } from '../support/upstream-run.ts';

it('an empty continuation is certain, and nothing of the prompt is summed for it', async () => {
  const { model } = await connect({ dialect: 'vllm', script });
  const { signal } = new AbortController();
  const scored = await model.score({ prompt: request().prompt, continuations: ['Yes.', ''] }, { signal });
  expect(scored.continuations).toMatchObject([{ tokens: 1 }, { logprob: 0, tokens: 0 }]);
  expect(scored.continuations[0]?.logprob).toBeLessThan(0);
});
