import { describe, expect, it } from 'vitest';
import { withCacheScope } from '../../src/worker/cache-scope.ts';
import { requestOf, runOne } from '../suites/language-model-run.ts';
import { createScriptedModel } from '../support/scripted-language-model.ts';
import { connect, request, script } from '../support/upstream-run.ts';

const prompt = { messages: [{ role: 'user' as const, content: 'What is 3 + 4?' }] };
const scope = { prompt, owner: 'mac-of-the-owner', response: 'resp_1' };

describe('the model for one response', () => {
  it("names owner and response, and tells the owner's prompt from one that a strategy made", async () => {
    const model = createScriptedModel({ id: 'tiny', script: () => ({ answer: '7' }) });
    const scoped = withCacheScope(model, { ...scope, keyed: true });
    await runOne(scoped, requestOf(prompt, {}));
    await runOne(scoped, requestOf({ messages: [...prompt.messages, { role: 'assistant', content: 'draft' }] }, {}));
    expect(model.calls.map(({ cacheScope }) => cacheScope)).toEqual([
      { owner: 'mac-of-the-owner', response: 'resp_1', ownPrompt: true },
      { owner: 'mac-of-the-owner', response: 'resp_1', ownPrompt: false },
    ]);
  });

  it.each([
    ['llama.cpp', true, 0],
    ['llama.cpp', false, 4],
    ['plain', true, 0],
    ['vllm', true, 4],
  ] as const)('on %s shows what was cached (for a key: %s)', async (dialect, keyed, cached) => {
    const { model } = await connect({ dialect, script: { ...script, thoughts: [] } });
    const { finish } = await runOne(withCacheScope(model, { ...scope, keyed }), request());
    expect(finish.usage.cachedTokens).toBe(cached);
  });

  it('salts the cache of vLLM in every request of an answer, and of no other server', async () => {
    for (const [dialect, salt] of [
      ['vllm', 'mac-of-the-owner'],
      ['llama.cpp', undefined],
    ] as const) {
      const { model, server } = await connect({ dialect, script, ignoresBudget: true });
      const scoped = withCacheScope(model, { ...scope, keyed: true });
      await runOne(scoped, request({ thinking: { budgetTokens: 4 } }));
      const sent = server.completions();
      expect(sent.length).toBeGreaterThan(1);
      expect(sent.map(({ body }) => body['cache_salt'])).toEqual(sent.map(() => salt));
    }
  });

  it('hides the counts of a vLLM that refuses the salt', async () => {
    const { model } = await connect({ dialect: 'vllm', script: { ...script, thoughts: [] }, refuses: ['cache_salt'] });
    const { finish } = await runOne(withCacheScope(model, { ...scope, keyed: true }), request());
    expect([finish.usage.cachedTokens, model.capabilities.cacheByOwner]).toEqual([0, false]);
  });
});
