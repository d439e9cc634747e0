import { ChatOpenAI } from '@langchain/openai';
import { describe, expect } from 'vitest';
import type { FeatureTable } from './feature-table.ts';
import { ask, Sum, sumTool } from './questions.ts';

export function langchainSuite({ feature }: FeatureTable, url: () => string): void {
  const name = '@langchain/openai';
  const chat = (effort: 'none' | 'low', model = 'thinkfirst-135m') =>
    new ChatOpenAI({
      model,
      apiKey: 'unused',
      maxRetries: 0,
      configuration: { baseURL: `${url()}/v1` },
      modelKwargs: { reasoning_effort: effort },
    });

  describe(name, () => {
    feature(name, 'answer', async () => {
      const answer = await chat('none').invoke(ask);
      expect(answer.text).not.toBe('');
      expect(answer).toMatchObject({ usage_metadata: { total_tokens: expect.any(Number) } });
    });
    feature(name, 'stream', async () => {
      let text = '';
      for await (const chunk of await chat('low').stream(ask)) text += chunk.text;
      expect(text).not.toBe('');
    });
    feature(name, 'thinking', async () => {
      const thinking = new ChatOpenAI({
        model: 'thinkfirst-135m',
        apiKey: 'unused',
        maxRetries: 0,
        configuration: { baseURL: `${url()}/v1` },
        useResponsesApi: true,
        // It drops its own `reasoning` for ids that it doesn't know.
        modelKwargs: { reasoning: { effort: 'low', summary: 'auto' } },
      });
      const answer = await thinking.invoke(ask);
      expect(answer.additional_kwargs['reasoning']).toMatchObject({ type: 'reasoning' });
    });
    feature(name, 'tools', async () => {
      const bound = chat('none').bindTools([{ type: 'function', function: sumTool }], { tool_choice: 'required' });
      const answer = await bound.invoke(ask);
      expect(Sum.parse(answer.tool_calls?.[0]?.args)).toBeDefined();
    });
    feature(name, 'structured output', async () => {
      const structured = chat('none').withStructuredOutput(Sum, { method: 'jsonSchema' });
      expect(Sum.parse(await structured.invoke(ask))).toBeDefined();
    });
    feature(name, 'errors', async () => {
      await expect(chat('none', 'none').invoke(ask)).rejects.toMatchObject({ status: 404 });
    });
  });
}
