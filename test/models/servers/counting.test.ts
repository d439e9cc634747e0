import { describe, expect, it } from 'vitest';
import { samplingFields } from '../../../src/core/language-model.ts';
import { createTokenMeter } from '../../../src/core/token-counts.ts';
import { capabilitiesOf, dialects } from '../../../src/models/servers/client/dialect.ts';
import { readReason, toServiceError, UpstreamRefused } from '../../../src/models/servers/client/upstream-error.ts';
import { Chunk, countedChunk, type Delta, readDelta } from '../../../src/models/servers/client/wire.ts';
import { sampleSeed } from '../../../src/models/servers/stream/request-body.ts';

const delta = (parts: Partial<Delta>): Delta => ({ ...readDelta({}), ...parts });
const counted = (deltas: Array<Partial<Delta>>) => {
  const meter = createTokenMeter();
  const tokens = deltas.map((parts) => meter.count(countedChunk(delta(parts))));
  return { tokens, exact: meter.exact() };
};

describe('counting tokens as they come', () => {
  it.each<[string, Array<Partial<Delta>>, { tokens: number[]; exact: boolean }]>([
    [
      'the running total of the server',
      [
        { content: 'a', decodedTokens: 2 },
        { content: 'b', decodedTokens: 5 },
      ],
      { tokens: [2, 3], exact: true },
    ],
    [
      'ids',
      [
        { content: 'ab', tokenIds: [1, 2] },
        { reasoning: 'c', tokenIds: [3] },
      ],
      { tokens: [2, 1], exact: true },
    ],
    [
      'log-probabilities',
      [
        {
          content: 'a b',
          logprobs: [
            { token: 'a', logprob: 0 },
            { token: ' b', logprob: 0 },
          ],
        },
      ],
      { tokens: [2], exact: true },
    ],
    [
      'pieces',
      [{ content: 'a' }, { content: '' }, { reasoning: ' understanding' }],
      { tokens: [1, 0, 1], exact: false },
    ],
    ['long pieces by length', [{ content: 'x'.repeat(80) }], { tokens: [20], exact: false }],
  ])('by %s', (_what, deltas, expected) => {
    expect(counted(deltas)).toEqual(expected);
  });
});

describe('reading chunks', () => {
  it.each([
    ['reasoning', { reasoning: 'hm', content: null }],
    ['reasoning_content', { reasoning_content: 'hm' }],
  ])('a thought in %s', (_field, fields) => {
    const chunk = Chunk.parse({ choices: [{ index: 0, delta: fields, finish_reason: null }] });
    expect(readDelta(chunk)).toMatchObject({ reasoning: 'hm', content: '', finishReason: undefined });
  });

  it('totals of llama.cpp: what was cached is part of the prompt', () => {
    const chunk = Chunk.parse({ choices: [], timings: { prompt_n: 3, cache_n: 7, predicted_n: 2 } });
    expect(readDelta(chunk)).toMatchObject({ promptTokens: 10, cachedTokens: 7, decodedTokens: 2 });
  });

  it('log-probabilities of both routes', () => {
    const chat = { content: [{ token: 'a', logprob: -1, top_logprobs: [{ token: 'b', logprob: -2 }] }] };
    const raw = { tokens: ['a'], token_logprobs: [-1], top_logprobs: [{ b: -2 }] };
    for (const logprobs of [chat, raw]) {
      const read = readDelta(Chunk.parse({ choices: [{ logprobs, text: 'a' }] }));
      expect(read.logprobs).toEqual([{ token: 'a', logprob: -1, top: [{ token: 'b', logprob: -2 }] }]);
    }
    expect(readDelta(Chunk.parse({ choices: [{ logprobs: { odd: 1 }, text: 'a' }] })).logprobs).toEqual([]);
  });
});

it('names the sampling that a server would not honour', () => {
  expect(capabilitiesOf(dialects.vllm).sampling).toEqual([...samplingFields]);
  expect(capabilitiesOf(dialects.ollama).sampling).toEqual([
    'temperature',
    'topP',
    'presencePenalty',
    'frequencyPenalty',
  ]);
});

it('gives each sample a seed of its own, and sample 0 the seed itself', () => {
  const seeds = Array.from({ length: 64 }, (_, sample) => sampleSeed(7, sample));
  expect(seeds[0]).toBe(7);
  expect(new Set(seeds).size).toBe(64);
  expect(seeds.every((seed) => seed >= 0 && seed < 2 ** 31)).toBe(true);
  expect(sampleSeed(8, 1)).not.toBe(sampleSeed(7, 1));
});

it.each([
  [{ error: { message: 'bad\n  temperature' } }, 'bad temperature'],
  [{ error: 'model not found' }, 'model not found'],
  [{ message: 'flat' }, 'flat'],
  [{ detail: 'Not Found' }, 'Not Found'],
  [{ error: { message: 'key abc123 at http://10.0.0.1:8000/x in /opt/vllm/engine.py' } }, 'key … at … in …'],
  [{ error: { message: 'Bearer sk-abcdefgh1234' } }, 'Bearer …'],
  ['<html>', ''],
  [undefined, ''],
])('the reason of %j can be shown', (body, expected) => {
  expect(readReason(body, { secrets: ['abc123', ''] })).toBe(expected);
});

it('an upstream’s reason that repeats what it was sent is cut there', () => {
  const sent = { messages: [{ role: 'assistant', content: 'first "quokka" then ocelot, at last' }], temperature: 0.6 };
  const reason = (message: string) => readReason({ error: { message } }, { secrets: [], sent });
  expect(reason('bad prompt: first "quokka" then ocelot')).toBe('bad prompt: …');
  expect(reason(`bad prompt ${JSON.stringify(sent.messages[0]?.content)}`)).toMatch(/^bad prompt ?.{0,3}…$/);
  expect(reason('unknown field temperature in messages')).toBe('unknown field temperature in messages');
});

it('says which model a server does not have, in its own words', () => {
  const reason = readReason({ error: 'model "qwen3:32b" not found, try pulling it first' }, { secrets: [] });
  expect(toServiceError(new UpstreamRefused(404, reason), 'big', false).message).toBe(
    'The server behind big has no such model or route: model "qwen3:32b" not found, try pulling it first.',
  );
  expect(toServiceError(new UpstreamRefused(404, ''), 'big', false).message).toMatch(/model or route\.$/);
});
