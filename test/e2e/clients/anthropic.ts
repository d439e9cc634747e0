import Anthropic from '@anthropic-ai/sdk';
import { describe, expect } from 'vitest';
import type { FeatureTable } from './feature-table.ts';
import { ask, Sum, sumTool } from './questions.ts';

export function anthropicSuite({ feature }: FeatureTable, url: () => string): void {
  const client = () => new Anthropic({ baseURL: url(), apiKey: 'unused', maxRetries: 0 });
  const name = '@anthropic-ai/sdk';
  const asked = {
    model: 'thinkfirst-135m',
    max_tokens: 800,
    messages: [{ role: 'user' as const, content: ask }],
  };

  describe(name, () => {
    feature(name, 'answer', async () => {
      const message = await client().messages.create({ ...asked, thinking: { type: 'disabled' } });
      expect(message.content[0]).toMatchObject({ type: 'text', text: expect.stringMatching(/./) });
      expect(message.stop_reason).toBe('end_turn');
      const { input_tokens } = await client().messages.countTokens(asked);
      expect(input_tokens).toBeGreaterThan(0);
    });
    feature(name, 'stream', async () => {
      let text = '';
      const stream = client().messages.stream({ ...asked, thinking: { type: 'enabled', budget_tokens: 300 } });
      stream.on('text', (delta) => {
        text += delta;
      });
      const final = await stream.finalMessage();
      expect(final.content.map(({ type }) => type)).toEqual(['thinking', 'text']);
      expect(final.content[1]).toMatchObject({ text });
      expect(final.usage.output_tokens).toBeGreaterThan(0);
    });
    feature(name, 'thinking', async () => {
      const message = await client().messages.create({
        ...asked,
        thinking: { type: 'adaptive' },
        output_config: { effort: 'low' },
      });
      expect(message.content[0]).toMatchObject({ type: 'thinking', thinking: expect.stringMatching(/./) });
    });
    feature(name, 'tools', async () => {
      const { parameters, ...tool } = sumTool;
      const message = await client().messages.create({
        ...asked,
        thinking: { type: 'disabled' },
        tools: [{ ...tool, input_schema: parameters }],
        tool_choice: { type: 'any' },
      });
      const call = message.content.find((block) => block.type === 'tool_use');
      expect(message.stop_reason).toBe('tool_use');
      expect(Sum.parse(call?.input)).toBeDefined();
    });
    feature(name, 'structured output', async () => {
      const message = await client().messages.create({
        ...asked,
        thinking: { type: 'disabled' },
        output_config: { format: { type: 'json_schema', schema: sumTool.parameters } },
      });
      const [block] = message.content;
      expect(Sum.parse(JSON.parse(block?.type === 'text' ? block.text : ''))).toBeDefined();
    });
    feature(name, 'errors', async () => {
      const bad = client().messages.create({ ...asked, model: 'none' });
      await expect(bad).rejects.toBeInstanceOf(Anthropic.NotFoundError);
    });
  });
}
