import { createOpenResponses } from '@ai-sdk/open-responses';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { dynamicTool, generateText, type LanguageModel, Output, streamText } from 'ai';
import { describe, expect } from 'vitest';
import type { FeatureTable } from './feature-table.ts';
import { ask, Sum, sumTool } from './questions.ts';

export function vercelSuite({ feature }: FeatureTable, url: () => string): void {
  /** It drops the effort for ids that it doesn't know, unless it is told that the model reasons. */
  const openai = (reasoningEffort: 'none' | 'low', id = 'thinkfirst-135m') => ({
    model: createOpenAI({ baseURL: `${url()}/v1`, apiKey: 'unused' })(id),
    providerOptions: { openai: { forceReasoning: true, reasoningEffort, reasoningSummary: 'auto' } },
  });
  const compatible = (reasoningEffort: 'none' | 'low', id = 'thinkfirst-135m') => ({
    model: createOpenAICompatible({
      name: 'thinkfirst',
      baseURL: `${url()}/v1`,
      supportsStructuredOutputs: true,
      includeUsage: true,
    })(id),
    providerOptions: { thinkfirst: { reasoningEffort } },
  });
  const open = (reasoningEffort: 'none' | 'low', id = 'thinkfirst-135m') => ({
    model: createOpenResponses({ name: 'thinkfirst', url: `${url()}/v1/responses` })(id),
    providerOptions: { thinkfirst: { reasoningEffort, reasoningSummary: 'auto' } },
  });
  suite('@ai-sdk/openai', openai);
  suite('@ai-sdk/openai-compatible', compatible);
  suite('@ai-sdk/open-responses', open);

  type Asked = { model: LanguageModel; providerOptions: Record<string, Record<string, string | boolean>> };
  function suite(name: string, asked: (effort: 'none' | 'low', id?: string) => Asked): void {
    describe(name, () => {
      feature(name, 'answer', async () => {
        const { text, usage } = await generateText({ ...asked('none'), prompt: ask, maxRetries: 0 });
        expect(text).not.toBe('');
        expect(usage.totalTokens).toBeGreaterThan(0);
      });
      feature(name, 'stream', async () => {
        const stream = streamText({ ...asked('low'), prompt: ask, maxRetries: 0 });
        const types = new Set<string>();
        for await (const part of stream.fullStream) types.add(part.type);
        expect([...types]).toEqual(expect.arrayContaining(['text-delta', 'reasoning-delta', 'finish']));
        expect(types).not.toContain('error');
      });
      // Its generateText reads a reasoning item's content and no summary; its streamText reads both.
      const readsSummaries = name !== '@ai-sdk/open-responses';
      if (readsSummaries)
        feature(name, 'thinking', async () => {
          const { reasoningText, usage } = await generateText({ ...asked('low'), prompt: ask, maxRetries: 0 });
          expect(reasoningText).toMatch(/./);
          expect(usage.outputTokenDetails.reasoningTokens).toBeGreaterThan(0);
        });
      feature(name, 'tools', async () => {
        const { description } = sumTool;
        const add = dynamicTool({ description, inputSchema: Sum, execute: async () => 42 });
        const call = { prompt: ask, tools: { add }, toolChoice: 'required' as const, maxRetries: 0 };
        const { toolCalls } = await generateText({ ...asked('none'), ...call });
        expect(Sum.parse(toolCalls[0]?.input)).toBeDefined();
      });
      feature(name, 'structured output', async () => {
        const output = Output.object({ schema: Sum });
        const result = await generateText({ ...asked('none'), prompt: ask, output, maxRetries: 0 });
        expect(Sum.parse(result.output)).toBeDefined();
      });
      feature(name, 'errors', async () => {
        const bad = generateText({ ...asked('none', 'none'), prompt: ask, maxRetries: 0 });
        await expect(bad).rejects.toMatchObject({ statusCode: 404 });
      });
    });
  }
}
