import { expect, test } from 'vitest';
import type { DialectName } from '../../src/models/servers/client/dialect.ts';
import { createWalkedService } from '../api/leak-walk/walked-service.ts';
import { markedThought, markIn } from '../support/leak-mark.ts';
import { connect, words } from '../support/upstream-run.ts';
import type { Fault } from '../support/upstream-server.ts';

const script = { thoughts: words(markedThought), answer: words('It is 43.') };
const message = `bad prompt: ${markedThought}`;
const faults: Fault[] = [
  { kind: 'status', status: 400, body: { error: { message } } },
  { kind: 'status', status: 400, body: { error: { message: `maximum context length exceeded: ${markedThought}` } } },
  { kind: 'status', status: 500, body: { error: { message } } },
  { kind: 'error-event', chunks: 4 },
  { kind: 'malformed', chunks: 4 },
];

const cases = (['vllm', 'llama.cpp', 'plain'] satisfies DialectName[]).flatMap((dialect) =>
  faults.map((fault) => ({ dialect, fault })),
);

test.each(cases)(
  'an upstream that quotes the thought it was sent is not passed on (%j)',
  async ({ dialect, fault }) => {
    // The first request thinks; what goes on from there is refused, every time.
    const { model, server } = await connect(
      { dialect, script, faults: [{ kind: 'none' }, ...Array.from({ length: 20 }, () => fault)] },
      { id: 'tiny' },
    );
    const { app, secret, logged } = await createWalkedService(['trace:summary'], model);
    const ask = async (path: string, body?: object) => {
      const response = await app.request(path, {
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      });
      return response.text();
    };
    const reasoning = { effort: 'low', strategy: 'budget-forcing', budget_tokens: 6, summary: 'detailed' };
    const answered = await ask('/v1/responses', { input: 'How much is 12 + 30?', reasoning });
    const { id } = JSON.parse(answered);
    const texts = [
      answered,
      await ask(`/v1/responses/${id}?stream=true`),
      await ask(`/v1/responses/${id}/trace`),
      ...logged,
    ];
    expect(server.completions().length).toBeGreaterThan(1);
    expect(texts.filter((text) => markIn(text) !== undefined)).toEqual([]);
  },
);
