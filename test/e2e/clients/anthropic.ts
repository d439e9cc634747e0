import Anthropic from '@anthropic-ai/sdk';
import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod';
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
  /** Of a text itself: those of a message less what the template puts around it, which a word of one token shows. */
  const tokens = async (text: string) => {
    const [counted = 0, around = 0] = await Promise.all(
      [text, 'x'].map(async (content) => {
        const messages = [{ role: 'user' as const, content }];
        return (await client().messages.countTokens({ model: asked.model, messages })).input_tokens;
      }),
    );
    return counted - around + 1;
  };

  describe(name, () => {
    feature(name, 'answer', async () => {
      const message = await client().messages.create({ ...asked, thinking: { type: 'disabled' } });
      expect(message.content[0]).toMatchObject({ type: 'text', text: expect.stringMatching(/./) });
      expect(message.stop_reason).toBe('end_turn');
      const plain = await client().messages.create(asked);
      const [block] = plain.content;
      // Nothing is thought that isn't shown: the tokens are those of the text.
      expect(plain.usage.output_tokens).toBe(await tokens(block?.type === 'text' ? block.text : ''));
      const models = (await client().models.list()).data;
      expect(models).toContainEqual(
        expect.objectContaining({ id: asked.model, type: 'model', display_name: asked.model }),
      );
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

      const called: unknown[] = [];
      const add = betaZodTool({
        name: sumTool.name,
        description: sumTool.description,
        inputSchema: Sum,
        run({ a, b }) {
          called.push([a, b]);
          return String(a + b);
        },
      });
      const last = await client().beta.messages.toolRunner({ ...asked, model: 'capable', tools: [add] });
      expect(called).toEqual([[12, 30]]);
      expect(last).toMatchObject({ stop_reason: 'end_turn', content: [{ text: expect.stringContaining('42') }] });
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
    feature(name, 'batches', async () => {
      const { batches } = client().messages;
      const made = await batches.create({ requests: [{ custom_id: 'a', params: asked }] });
      let batch = made;
      while (batch.processing_status !== 'ended') batch = await batches.retrieve(made.id);
      expect(batch.request_counts).toMatchObject({ succeeded: 1, errored: 0 });
      const results: unknown[] = [];
      for await (const line of await batches.results(made.id)) results.push(line);
      expect(results).toMatchObject([{ custom_id: 'a', result: { type: 'succeeded', message: { type: 'message' } } }]);
    });
    feature(name, 'errors', async () => {
      const asking = [
        () => client().messages.create({ ...asked, model: 'none' }),
        () => client().models.retrieve('none'),
        () => client().messages.batches.retrieve('msgbatch_none'),
        () => client().get('/v1/none'),
      ];
      for (const missing of asking) {
        const error: unknown = await missing().then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(error).toBeInstanceOf(Anthropic.NotFoundError);
        expect(error).toMatchObject({ error: { type: 'error', error: { type: 'not_found_error' } } });
        expect(error).toMatchObject({ requestID: expect.stringMatching(/./) });
      }
    });
  });
}
