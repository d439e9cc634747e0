import { Ollama } from 'ollama';
import { describe, expect } from 'vitest';
import type { FeatureTable } from './feature-table.ts';
import { ask, Sum, sumTool, weatherTool } from './questions.ts';

export function ollamaSuite({ feature }: FeatureTable, url: () => string): void {
  const client = () => new Ollama({ host: url() });
  const name = 'ollama';
  const asked = { model: 'thinkfirst-135m', messages: [{ role: 'user', content: ask }] };

  describe(name, () => {
    feature(name, 'answer', async () => {
      const { models } = await client().list();
      expect(models.map(({ name }) => name)).toContain(asked.model);
      const answer = await client().chat({ ...asked, think: false, options: { temperature: 0, num_predict: 100 } });
      expect(answer.message.content).not.toBe('');
      expect(answer.done_reason).toBe('stop');
    });
    feature(name, 'stream', async () => {
      let text = '';
      let figures = 0;
      for await (const part of await client().chat({ ...asked, think: false, stream: true })) {
        text += part.message.content;
        if (part.done) figures = part.eval_count;
      }
      expect(text).not.toBe('');
      expect(figures).toBeGreaterThan(0);
    });
    feature(name, 'thinking', async () => {
      const answer = await client().chat({ ...asked, think: 'low' });
      expect(answer.message.thinking).toMatch(/./);
      const { capabilities } = await client().show({ model: asked.model });
      expect(capabilities).toContain('thinking');
    });
    feature(name, 'tools', async () => {
      // It has no tool_choice: the model must want to call.
      const messages = [{ role: 'user', content: 'What is the weather in Paris?' }];
      const answer = await client().chat({ ...asked, messages, think: false, tools: [weatherTool] });
      expect(answer.message.tool_calls?.[0]?.function).toMatchObject({
        name: 'get_weather',
        arguments: { city: 'Paris' },
      });
    });
    feature(name, 'structured output', async () => {
      const answer = await client().chat({ ...asked, think: false, format: sumTool.parameters });
      expect(Sum.parse(JSON.parse(answer.message.content))).toBeDefined();
    });
    feature(name, 'errors', async () => {
      await expect(client().chat({ ...asked, model: 'none' })).rejects.toMatchObject({ status_code: 404 });
    });
  });
}
