import OpenAI from 'openai';
import { expect, it } from 'vitest';
import type { LanguageModel } from '../../src/core/language-model.ts';
import { listeningService } from '../support/listening-service.ts';
import { createScriptedModel } from '../support/scripted-language-model.ts';

/** A model whose first answer never comes. `asked`: it was asked for it. */
function stuckAtFirst(): { model: LanguageModel; asked: Promise<void> } {
  const model = createScriptedModel({ id: 'tiny', script: () => ({ answer: '42' }) });
  let tell = (): void => undefined;
  const asked = new Promise<void>((resolve) => {
    tell = resolve;
  });
  let first = true;
  return {
    asked,
    model: {
      ...model,
      async *generate(request, options) {
        if (!first) return yield* model.generate(request, options);
        first = false;
        tell();
        await new Promise((resolve) => options.signal.addEventListener('abort', resolve));
        options.signal.throwIfAborted();
      },
    },
  };
}

it.each([
  ['responses', (client: OpenAI) => client.responses.create({ model: 'tiny', input: 'Six by seven?' }, once)],
  [
    'chat completions',
    (client: OpenAI) =>
      client.chat.completions.create({ model: 'tiny', messages: [{ role: 'user', content: 'Six by seven?' }] }, once),
  ],
])('OpenAI’s client, which repeats a request whose connection was lost, gets an answer: %s', async (_what, create) => {
  const { model, asked } = stuckAtFirst();
  const service = await listeningService(model);
  const keys: (string | null)[] = [];
  const client = new OpenAI({
    baseURL: `${service.url}/v1`,
    apiKey: 'none',
    maxRetries: 1,
    async fetch(input, init) {
      keys.push(new Headers(init?.headers).get('idempotency-key'));
      if (keys.length > 1) return fetch(input, init);
      const connection = new AbortController();
      asked.then(() => connection.abort());
      return fetch(input, { ...init, signal: connection.signal });
    },
  });
  try {
    const answer = JSON.stringify(await create(client));
    expect(answer).toContain('42');
    expect(answer).not.toContain('cancelled');
    expect(keys).toEqual(['one question', 'one question']);
  } finally {
    await service.close();
  }
});

const once = { headers: { 'Idempotency-Key': 'one question' } };
