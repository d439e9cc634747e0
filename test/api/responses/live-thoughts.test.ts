import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Message } from '../../../src/contracts/protocols/anthropic-message.ts';
import { OllamaChatResponse } from '../../../src/contracts/protocols/ollama-chat.ts';
import { Response as ResponseObject } from '../../../src/contracts/responses/response.ts';
import type { LanguageModel } from '../../../src/core/language-model.ts';
import { createScriptedModel } from '../../support/scripted-language-model.ts';
import { orderFaults } from '../../support/wire-order.ts';
import { createService } from '../../worker/service.ts';
import { readEvents } from './fixture.ts';

const thought = 'First the tens: 40.\nThen the ones: SECOND.\n';

/** A model that waits, until it is opened, before anything that follows an event for which `holds` says so. */
function heldModel(model: LanguageModel, holds: (event: { type: string; text?: string }) => boolean) {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  let isHeld = false;
  const held: LanguageModel = {
    ...model,
    async *generate(...args) {
      for await (const event of model.generate(...args)) {
        if (isHeld) await opened;
        yield event;
        isHeld ||= holds(event);
      }
    },
  };
  return { model: held, open: () => open() };
}

/** Reads a body until it holds `text`; gives what came by then, and what comes after. */
async function readUntil(response: Response, text: string): Promise<{ begun: string; rest(): Promise<string> }> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let begun = '';
  while (!begun.includes(text)) {
    const next = await reader?.read();
    if (next === undefined || next.done) throw new Error(`it ended without ${text}: ${begun.slice(-300)}`);
    begun += next.value;
  }
  return {
    begun,
    async rest() {
      let rest = '';
      for (let next = await reader?.read(); next?.value !== undefined; next = await reader?.read()) rest += next.value;
      return rest;
    },
  };
}

const ChatText = z.object({ content: z.string().nullish(), reasoning_content: z.string().optional() });
const Choice = z.object({ delta: ChatText.optional(), message: ChatText.optional() });
const Chat = z.object({ choices: z.tuple([Choice]) });

const question = 'What is 40 + 2?';
const messages = [{ role: 'user', content: question }];
const reasoning = { effort: 'low', strategy: 'self-consistency', samples: 1, budget_tokens: 400 };

describe('thoughts are read while the model still thinks', () => {
  test.each([
    ['/v1/responses', { input: question, reasoning, include: ['reasoning.text'], stream: true }],
    ['/v1/chat/completions', { messages, reasoning, stream: true }],
    ['/v1/messages', { messages, max_tokens: 200, reasoning, thinking: { type: 'adaptive' }, stream: true }],
    ['/api/chat', { messages, reasoning, stream: true }],
  ])('%s', async (path, body) => {
    const scripted = createScriptedModel({ id: 'tiny', script: () => ({ thought, answer: '42' }) });
    const { model, open } = heldModel(scripted, ({ type, text }) => type === 'thinking-delta' && /\n/.test(text ?? ''));
    const { post } = await createService(model);
    const { begun, rest } = await readUntil(await post(path, { model: 'tiny', ...body }), '40.');
    expect(begun).not.toContain('SECOND');
    open();
    const after = await rest();
    expect(after).toContain('SECOND');
    expect(after).toContain('42');
  });

  test('and what a step came to as it ends, while others still run', async () => {
    let chain = 0;
    const scripted = createScriptedModel({
      id: 'tiny',
      script: () => {
        chain += 1;
        return { thought, answer: chain === 1 ? '42' : '47' };
      },
    });
    const { model, open } = heldModel(scripted, ({ type }) => type === 'finish');
    const { post } = await createService(model);
    const asked = { input: question, reasoning: { ...reasoning, samples: 3, summary: 'detailed' }, stream: true };
    const { begun, rest } = await readUntil(await post('/v1/responses', asked), 'reasoning_summary_part.done');
    expect(begun).toContain('detailed: think after 0');
    open();
    const { events } = await readEvents(new Response(begun + (await rest())));
    expect(orderFaults(events)).toEqual([]);
    expect(events.filter(({ type }) => type === 'response.reasoning_summary_part.done').length).toBeGreaterThan(2);
  });
});

describe('where the first chain loses', () => {
  const first = 'First the tens: 40.';
  const winner = '40 and 7 make 47.';
  const service = () => {
    let chain = 0;
    const script = () => {
      chain += 1;
      return chain === 1 ? { thought: first, answer: '42' } : { thought: winner, answer: '47' };
    };
    return createService(createScriptedModel({ id: 'tiny', script }));
  };
  const chains = { ...reasoning, samples: 3 };

  test.each([
    [true, `${first}\n\n${winner}`],
    [false, winner],
  ])('a chat has both thoughts in one text where it streams: %s', async (stream, thoughts) => {
    const { post } = await service();
    const response = await post('/v1/chat/completions', { messages, reasoning: chains, stream });
    const answers = stream ? (await readEvents(response)).events : [await response.json()];
    const said = answers.map((event) => Chat.parse(event).choices[0]).map((one) => one.delta ?? one.message ?? {});
    expect(said.map(({ reasoning_content: text }) => text ?? '').join('')).toBe(thoughts);
    expect(said.map(({ content }) => content ?? '').join('')).toBe('47');
  });

  test('Ollama as well', async () => {
    const thoughts = async (stream: boolean) => {
      const { post } = await service();
      const text = await (await post('/api/chat', { model: 'tiny', messages, reasoning: chains, stream })).text();
      const lines = text.trimEnd().split('\n');
      return lines.map((line) => OllamaChatResponse.parse(JSON.parse(line)).message.thinking ?? '').join('');
    };
    expect(await thoughts(true)).toBe(`${first}\n\n${winner}`);
    expect(await thoughts(false)).toBe(winner);
  });

  test('a message has a block for each where it streams, and takes them back', async () => {
    const { post } = await service();
    const asked = { messages, max_tokens: 200, reasoning: chains, thinking: { type: 'adaptive' } };
    const { content } = Message.parse(await (await post('/v1/messages', asked)).json());
    expect(content).toMatchObject([
      { type: 'thinking', thinking: winner },
      { type: 'text', text: '47' },
    ]);
    const { post: again } = await service();
    const { events } = await readEvents(await again('/v1/messages', { ...asked, stream: true }));
    const started = events.flatMap(({ content_block: block }) => (block === undefined ? [] : [block]));
    expect(started).toMatchObject([{ type: 'thinking' }, { type: 'thinking' }, { type: 'text' }]);
    const thoughts = [first, winner].map((thinking) => ({ type: 'thinking', thinking, signature: 's' }));
    const next = [
      ...messages,
      { role: 'assistant', content: [...thoughts, { type: 'text', text: '47' }] },
      { role: 'user', content: 'And now?' },
    ];
    expect((await post('/v1/messages', { ...asked, messages: next })).status).toBe(200);
  });

  test.each([
    ['with thoughts', ['reasoning.text']],
    ['sealed', ['reasoning.encrypted_content']],
    ['both', ['reasoning.text', 'reasoning.encrypted_content']],
  ])(
    'all items go back as input, and the winner is the thought that stands in the prompt: %s',
    async (_what, include) => {
      const { post, queue } = await service();
      const asked = { input: question, reasoning: chains, include, store: false, stream: true };
      const { events } = await readEvents(await post('/v1/responses', asked));
      const { output } = ResponseObject.parse(events.at(-1)?.['response']);
      const input = [{ role: 'user', content: question }, ...output];
      const next = await post('/v1/responses', { input, reasoning: { effort: 'none' }, model: 'tiny' });
      expect(next.status).toBe(200);
      const { id } = ResponseObject.parse(await next.json());
      expect(JSON.stringify((await queue.get(id))?.job.body)).toContain(`"thought":"${winner}"`);
    },
  );
});
