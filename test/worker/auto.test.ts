import { expect, it } from 'vitest';
import { z } from 'zod';
import { readEvents } from '../api/responses/fixture.ts';
import { createScriptedModel } from '../support/scripted-language-model.ts';
import { createService } from './service.ts';

const answer = 'The answer is 42.';
const thought = '40 + 2 = 42. So the answer is 42.';
/** `fast`: how probable the fast answer's tokens are. */
const modelOf = (fast: number) =>
  createScriptedModel({ id: 'tiny', script: () => ({ thought, answer, logprob: Math.log(fast) }) });
const body = { input: 'What is 40 + 2?', mode: 'auto' };

it('says in the response what it decided, and why: fast, with no reasoning to show', async () => {
  const model = modelOf(0.97);
  const { answered } = await createService(model);
  const response = await answered({ ...body, reasoning: { summary: 'auto' } });
  expect(response).toMatchObject({
    output_text: answer,
    thinking_stop: null,
    verdict: null,
    reasoning: {
      effort: 'none',
      effective: { effort: 'none', requested: 'auto', budget_tokens: 0, strategy: 'direct' },
    },
    usage: { phases: { draft: 0, answer: 4 } },
  });
  expect(response.reasoning.effective.because).toMatch(/97 %/);
  expect(response.output.map(({ type }) => type)).toEqual(['message']);
  expect(model.calls).toHaveLength(1);
});

it('says that it thought, at which level, and counts what it tried', async () => {
  const { answered, app } = await createService(modelOf(0.5));
  const response = await answered(body);
  expect(response).toMatchObject({
    output_text: answer,
    thinking_stop: expect.any(String),
    reasoning: { effort: 'medium', effective: { effort: 'medium', requested: 'auto', strategy: 'deliberate' } },
    usage: { phases: { draft: 4 } },
  });
  const trace = await (await app.request(`/v1/responses/${response.id}/trace`)).json();
  const [tried] = z.object({ steps: z.array(z.looseObject({})) }).parse(trace).steps;
  expect(tried).toMatchObject({ phase: 'draft', decided: { effort: 'medium', fast_suffices: null } });
});

it('has not decided when the response is created, and has in its last event', async () => {
  const { ask } = await createService(modelOf(0.97));
  const { events } = await readEvents(await ask({ ...body, stream: true }));
  const [created, last] = [events[0], events.at(-1)];
  expect(created).toMatchObject({ response: { reasoning: { effort: null, effective: { effort: 'auto' } } } });
  expect(last).toMatchObject({ type: 'response.completed', response: { reasoning: { effort: 'none' } } });
});

it('is a suffix of the model’s name', async () => {
  const { answered } = await createService(modelOf(0.97));
  const { reasoning } = await answered({ input: body.input, model: 'tiny:auto' });
  expect(reasoning.effective.requested).toBe('auto');
});
