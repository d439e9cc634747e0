import { expect, it } from 'vitest';
import { mostContinuations } from '../../src/models/families/family.ts';
import { qwen3 } from '../../src/models/families/qwen3.ts';
import { connect, request, run, script } from '../support/upstream-run.ts';
import type { UpstreamServerOptions } from '../support/upstream-server.ts';

async function connectAndListen(server: UpstreamServerOptions) {
  const warnings: string[] = [];
  const { model } = await connect(server, { warn: (message) => void warnings.push(message) });
  return { model, warnings };
}

const short = request({ thinking: { budgetTokens: 100, minimumTokens: 90 } });

it.each(['ollama', 'lmstudio', 'thinkfirst', 'plain'] as const)(
  '%s: a minimum of thinking that can not be kept is told, once',
  async (dialect) => {
    const { model, warnings } = await connectAndListen({ dialect, script });
    await run(model, short);
    expect(await run(model, short)).toMatchObject({ forced: '', finish: { thinkingStop: 'natural' } });
    expect(warnings).toEqual([expect.stringContaining('minimum_tokens is not enforced')]);
    expect(model.capabilities.rollback).toBe(false);
  },
);

it.each(['vllm', 'llama.cpp'] as const)(
  '%s: a thought that ends again and again is let end, as a local one is',
  async (dialect) => {
    const { model, warnings } = await connectAndListen({ dialect, script });
    const { forced } = await run(model, short);
    expect(forced.split(qwen3.continuation)).toHaveLength(mostContinuations + 1);
    expect(warnings).toEqual([]);
  },
);

it('a server that turns out not to go on with a thought is told of from then on', async () => {
  const options = { hides: ['/tokenize'], refuses: ['continue_final_message'] };
  const { model, warnings } = await connectAndListen({ dialect: 'vllm', script, ...options });
  await run(model, short);
  await run(model, short);
  expect(warnings.filter((message) => message.includes('minimum_tokens'))).toHaveLength(1);
});

it.each([
  ['llama.cpp', ['The server behind upstream does not return log-probabilities together with tools.']],
  ['vllm', []],
  ['plain', []],
] as const)('%s: log-probabilities that are lost to tools are told, once', async (dialect, expected) => {
  const { model, warnings } = await connectAndListen({ dialect, script });
  const prompt = { messages: [{ role: 'user' as const, content: 'add' }], tools: [{ name: 'add' }] };
  const asked = request({ prompt, answer: { maxTokens: 20, topLogprobs: 3 } });
  await run(model, asked);
  await run(model, asked);
  await run(model, request({ prompt, answer: { maxTokens: 20 } }));
  expect(warnings).toEqual(expected);
});
