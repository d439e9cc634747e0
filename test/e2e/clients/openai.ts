import OpenAI, { toFile } from 'openai';
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import { describe, expect } from 'vitest';
import { z } from 'zod';
import type { FeatureTable } from './feature-table.ts';
import { ask, Sum, sumTool } from './questions.ts';

export function openaiSuite({ feature }: FeatureTable, url: () => string, mcpUrl: () => string): void {
  const client = () => new OpenAI({ baseURL: `${url()}/v1`, apiKey: 'unused', maxRetries: 0 });
  const model = 'thinkfirst-135m';

  describe('openai, responses', () => {
    const name = 'openai (responses)';
    feature(name, 'answer', async () => {
      const response = await client().responses.create({ model, input: ask, reasoning: { effort: 'none' } });
      expect(response.status).toBe('completed');
      expect(response.output_text).not.toBe('');
    });
    feature(name, 'stream', async () => {
      const stream = client().responses.stream({ model, input: ask, reasoning: { effort: 'low' } });
      let text = '';
      stream.on('response.output_text.delta', (event) => {
        text += event.delta;
      });
      const final = await stream.finalResponse();
      expect(text).toBe(final.output_text);
      expect(final.output_text).not.toBe('');
    });
    feature(name, 'thinking', async () => {
      const response = await client().responses.create({
        model,
        input: ask,
        reasoning: { effort: 'low', summary: 'auto' },
      });
      expect(response.output[0]?.type).toBe('reasoning');
      expect(response.usage?.output_tokens_details.reasoning_tokens).toBeGreaterThan(0);
    });
    feature(name, 'tools', async () => {
      const tool = { type: 'function' as const, strict: true, ...sumTool };
      const response = await client().responses.create({
        model,
        input: ask,
        tools: [tool],
        tool_choice: 'required',
        reasoning: { effort: 'none' },
      });
      const call = response.output.find((item) => item.type === 'function_call');
      expect(Sum.parse(JSON.parse(call?.arguments ?? ''))).toBeDefined();
    });
    feature(name, 'hosted tools', async () => {
      const tools: OpenAI.Responses.Tool[] = [
        { type: 'code_interpreter', container: { type: 'auto' } },
        {
          type: 'mcp',
          server_label: 'all',
          server_url: mcpUrl(),
          require_approval: 'never',
          allowed_tools: ['get-sum'],
        },
      ];
      const stream = client().responses.stream({ model: 'capable', input: ask, tools });
      const response = await stream.finalResponse();
      expect(response.output.map(({ type }) => type)).toEqual([
        'mcp_list_tools',
        'code_interpreter_call',
        'mcp_call',
        'message',
      ]);
      expect(response.output_text).toMatch(/My tools say: 42.*42/s);
    });
    feature(name, 'structured output', async () => {
      const response = await client().responses.parse({
        model,
        input: ask,
        text: { format: zodTextFormat(Sum, 'sum') },
        reasoning: { effort: 'none' },
      });
      expect(Sum.parse(response.output_parsed)).toBeDefined();
    });
    feature(name, 'batches', async () => {
      const line = { custom_id: 'a', method: 'POST', url: '/v1/responses', body: { model, input: ask, mode: 'fast' } };
      const file = await client().files.create({
        file: await toFile(Buffer.from(JSON.stringify(line)), 'in.jsonl'),
        purpose: 'batch',
      });
      const asked = { endpoint: '/v1/responses', input_file_id: file.id, completion_window: '24h' } as const;
      let batch = await client().batches.create(asked);
      while (batch.status === 'in_progress') batch = await client().batches.retrieve(batch.id);
      expect(batch).toMatchObject({ status: 'completed', request_counts: { total: 1, completed: 1 } });
      const results = await (await client().files.content(batch.output_file_id ?? '')).text();
      expect(JSON.parse(results)).toMatchObject({ custom_id: 'a', response: { body: { status: 'completed' } } });
    });
    feature(name, 'files', async () => {
      const content = Buffer.from('The word is heron.');
      const file = await client().files.create({ file: await toFile(content, 'word.txt'), purpose: 'user_data' });
      const named = { type: 'input_file' as const, file_id: file.id };
      const part = { type: 'input_text' as const, text: 'Which word?' };
      const response = await client().responses.create({
        model,
        input: [{ role: 'user', content: [named, part] }],
        reasoning: { effort: 'none' },
      });
      expect(response.output_text).not.toBe('');
      const { usage } = await client().responses.create({
        model,
        input: part.text,
        reasoning: { effort: 'none' },
      });
      expect(response.usage?.input_tokens).toBeGreaterThan(usage?.input_tokens ?? 0);
      await client().files.delete(file.id);
    });
    feature(name, 'errors', async () => {
      const template = client().responses.create({ model, prompt: { id: 'pmpt_1' } });
      await expect(template).rejects.toMatchObject({ status: 400, param: 'prompt' });
      const bad = client().responses.create({ model, input: ask, temperature: 9 });
      await expect(bad).rejects.toMatchObject({ status: 400, param: 'temperature', code: 'invalid_value' });
    });
  });

  describe('openai, chat', () => {
    const name = 'openai (chat)';
    const messages = [{ role: 'user' as const, content: ask }];
    feature(name, 'answer', async () => {
      const answer = await client().chat.completions.create({ model, messages, reasoning_effort: 'none', n: 2 });
      expect(answer.choices.map(({ message }) => message.content === '')).toEqual([false, false]);
      expect(answer.usage?.total_tokens).toBeGreaterThan(0);
    });
    feature(name, 'stream', async () => {
      const stream = client().chat.completions.stream({
        model,
        messages,
        reasoning_effort: 'low',
        stream_options: { include_usage: true },
      });
      const final = await stream.finalChatCompletion();
      expect(final.choices[0]?.finish_reason).toBe('stop');
      expect(final.choices[0]?.message.content).not.toBe('');
      expect(final.usage?.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(0);
    });
    feature(name, 'thinking', async () => {
      const answer = await client().chat.completions.create({ model, messages, reasoning_effort: 'low' });
      const Thinking = z.object({ reasoning_content: z.string().min(1) });
      expect(Thinking.safeParse(answer.choices[0]?.message).success).toBe(true);
    });
    feature(name, 'tools', async () => {
      const answer = await client().chat.completions.create({
        model,
        messages,
        tools: [{ type: 'function', function: { strict: true, ...sumTool } }],
        tool_choice: { type: 'function', function: { name: sumTool.name } },
        reasoning_effort: 'none',
      });
      const call = answer.choices[0]?.message.tool_calls?.[0];
      expect(answer.choices[0]?.finish_reason).toBe('tool_calls');
      expect(Sum.parse(JSON.parse(call?.type === 'function' ? call.function.arguments : ''))).toBeDefined();
    });
    feature(name, 'structured output', async () => {
      const answer = await client().chat.completions.parse({
        model,
        messages,
        response_format: zodResponseFormat(Sum, 'sum'),
        reasoning_effort: 'none',
      });
      expect(Sum.parse(answer.choices[0]?.message.parsed)).toBeDefined();
    });
    feature(name, 'stored', async () => {
      const { completions } = client().chat;
      const metadata = { made: crypto.randomUUID() };
      const made = await completions.create({ model, messages, reasoning_effort: 'none', store: true, metadata });
      const ids: string[] = [];
      for await (const { id } of completions.list({ model, metadata, order: 'desc' })) ids.push(id);
      expect(ids).toEqual([made.id]);
      expect((await completions.retrieve(made.id)).choices).toEqual(made.choices);
      expect((await completions.messages.list(made.id)).data).toMatchObject(messages);
      expect(await completions.update(made.id, { metadata: {} })).toMatchObject({ metadata: {} });
      expect((await completions.list({ metadata })).data).toEqual([]);
      expect(await completions.delete(made.id)).toMatchObject({ deleted: true, object: 'chat.completion.deleted' });
      await expect(completions.retrieve(made.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    });
    feature(name, 'errors', async () => {
      const bad = client().chat.completions.create({ model: 'none', messages });
      await expect(bad).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
    });
  });
}
