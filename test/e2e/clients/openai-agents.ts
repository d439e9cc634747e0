import {
  Agent,
  type AgentInputItem,
  type AgentOptions,
  codeInterpreterTool,
  hostedMcpTool,
  MemorySession,
  OpenAIChatCompletionsModel,
  OpenAIConversationsSession,
  OpenAIResponsesModel,
  Runner,
  type Session,
  tool,
} from '@openai/agents';
import OpenAI from 'openai';
import { describe, expect } from 'vitest';
import { z } from 'zod';
import type { FeatureTable } from './feature-table.ts';
import { ask, Sum } from './questions.ts';

const add = tool({
  name: 'add',
  description: 'Adds two whole numbers.',
  parameters: Sum,
  execute: async ({ a, b }) => `${a + b}`,
});
const getWeather = tool({
  name: 'get_weather',
  description: 'Gives the weather of a city.',
  parameters: z.object({ city: z.string() }),
  execute: async ({ city }) => `${city} is sunny`,
});

/** OpenAI's Agents SDK: with the embedded model where that is enough, else with the scripted one that calls its tools. */
export function openaiAgentsSuite({ feature }: FeatureTable, url: () => string, mcpUrl: () => string): void {
  const name = '@openai/agents';
  const client = () => new OpenAI({ baseURL: `${url()}/v1`, apiKey: 'unused', maxRetries: 0 });
  const runner = new Runner({ tracingDisabled: true });
  const agent = (model: string, options: Partial<AgentOptions> = {}) =>
    new Agent({
      name: 'Assistant',
      instructions: 'Answer briefly.',
      ...options,
      model: new OpenAIResponsesModel(client(), model),
    });
  const small = 'thinkfirst-135m';

  describe(name, () => {
    feature(name, 'answer', async () => {
      const result = await runner.run(agent(small, { modelSettings: { reasoning: { effort: 'none' } } }), ask);
      expect(result.finalOutput).toMatch(/./);
    });
    feature(name, 'stream', async () => {
      const result = await runner.run(agent(small), ask, { stream: true });
      let text = '';
      for await (const piece of result.toTextStream()) text += piece;
      await result.completed;
      expect(text).toMatch(/./);
      expect(text).toBe(result.finalOutput);
    });
    feature(name, 'thinking', async () => {
      const modelSettings = { reasoning: { effort: 'low' as const, summary: 'auto' as const } };
      const result = await runner.run(agent(small, { modelSettings }), ask);
      expect(result.newItems[0]?.type).toBe('reasoning_item');
    });
    feature(name, 'tools', async () => {
      const result = await runner.run(agent('capable', { tools: [add, getWeather] }), ask);
      expect(result.finalOutput).toMatch(/42.*Seoul is sunny/);
      const streamed = await runner.run(agent('capable', { tools: [add] }), ask, { stream: true });
      await streamed.completed;
      expect(streamed.newItems.map(({ type }) => type)).toEqual([
        'tool_call_item',
        'tool_call_output_item',
        'message_output_item',
      ]);
      expect(streamed.finalOutput).toContain('42');
      const model = new OpenAIChatCompletionsModel(client(), 'capable');
      const chat = await runner.run(new Agent({ name: 'Assistant', model, tools: [add] }), ask);
      expect(chat.finalOutput).toContain('42');
    });
    feature(name, 'hosted tools', async () => {
      const server = { serverLabel: 'all', serverUrl: mcpUrl(), allowedTools: ['get-sum'] };
      const free = agent('capable', {
        tools: [codeInterpreterTool(), hostedMcpTool({ ...server, requireApproval: 'never' })],
      });
      const streamed = await runner.run(free, ask, { stream: true });
      await streamed.completed;
      const calls = streamed.newItems.flatMap(({ rawItem }) =>
        rawItem?.type === 'hosted_tool_call' ? [rawItem.name] : [],
      );
      expect(calls).toEqual(expect.arrayContaining(['code_interpreter_call', 'mcp_call']));
      expect(streamed.finalOutput).toMatch(/My tools say: 42.*42/s);

      const asking = agent('capable', { tools: [hostedMcpTool({ ...server, requireApproval: 'always' })] });
      const waiting = await runner.run(asking, ask);
      const [interruption] = waiting.interruptions;
      if (interruption === undefined) throw new Error('no approval was asked for');
      waiting.state.approve(interruption);
      const approved = await runner.run(asking, waiting.state);
      expect(approved.finalOutput).toContain('42');
    });
    feature(name, 'hand-off', async () => {
      const model = new OpenAIResponsesModel(client(), 'capable');
      const weather = new Agent({ name: 'Weather', model, tools: [getWeather] });
      const result = await runner.run(agent('capable', { handoffs: [weather] }), 'How is the weather in Seoul?');
      expect(result.lastAgent?.name).toBe('Weather');
      expect(result.finalOutput).toContain('Seoul is sunny');
    });
    feature(name, 'structured output', async () => {
      const model = new OpenAIResponsesModel(client(), small);
      const modelSettings = { reasoning: { effort: 'none' as const } };
      const result = await runner.run(new Agent({ name: 'Assistant', model, modelSettings, outputType: Sum }), ask);
      expect(Sum.parse(result.finalOutput)).toBeDefined();
    });

    const remembers = async (session: Session) => {
      const assistant = agent('capable', { tools: [add] });
      await runner.run(assistant, 'My name is Ada.', { session });
      const result = await runner.run(assistant, ask, { session });
      expect(result.finalOutput).toContain('Ada');
      const items = await session.getItems();
      const roles = items.flatMap((item: AgentInputItem) => ('role' in item ? [item.role] : []));
      expect(roles).toEqual(['user', 'assistant', 'user', 'assistant']);
      expect(await session.popItem()).toMatchObject({ role: 'assistant' });
      expect(await session.getItems()).toHaveLength(items.length - 1);
      await session.clearSession();
      expect(await session.getItems()).toEqual([]);
    };
    feature(name, 'sessions', () => remembers(new MemorySession()));
    feature(name, 'conversations', () => remembers(new OpenAIConversationsSession({ client: client() })));
    feature(name, 'errors', async () => {
      await expect(runner.run(agent('none'), ask)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    });
  });
}
