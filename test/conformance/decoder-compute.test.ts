import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GenerateRequest, ThoughtSegment } from '../../src/core/language-model.ts';
import { createDecoderModel, type DecoderModel } from '../../src/models/local/decoder/decoder-model.ts';
import { loadModelFolder } from '../../src/models/local/folder/model-folder.ts';
import { requestOf, runOne, runSamples, type SampleResult } from '../suites/language-model-run.ts';

let model: DecoderModel;

async function open(): Promise<DecoderModel> {
  const opened = await createDecoderModel({
    folder: await loadModelFolder('models/thinkfirst-135m'),
    threads: 2,
    kvMegabytes: 256,
    kvBits: 8,
    warn: (message) => {
      throw new Error(message);
    },
    now: Date.now,
  });
  if ('unsupported' in opened) throw new Error(opened.unsupported);
  return opened.model;
}

beforeAll(async () => {
  model = await open();
});
afterAll(() => model?.close());

const asked = [
  ['What is 132 × 6?', '132 × 6', '792'],
  ['How many times does the letter s occur in lessons?', 'count("lessons", "s")', '3'],
  ['What day is 10 days after Tuesday?', 'day("Tuesday" + 10)', 'Friday'],
  ['Sort 31, 4, 18.', 'sort(31, 4, 18)', '4, 18, 31'],
] as const;

function ask(question: string, changes: Partial<GenerateRequest> = {}): GenerateRequest {
  const prompt = { messages: [{ role: 'user' as const, content: question }] };
  return requestOf(prompt, {
    thinking: { budgetTokens: 120, computeTokens: 60 },
    deterministic: false,
    ...changes,
  });
}

const deltas = ({ events }: SampleResult) => events.filter((event) => event.type === 'thinking-delta');
const wholeThought = (run: SampleResult) =>
  deltas(run)
    .map(({ text }) => text)
    .join('');
const ids = (run: SampleResult) => [...deltas(run).flatMap(({ tokenIds }) => tokenIds), ...run.answerIds];

test('it says that it can, and that the embedded model was made for it', () => {
  expect(model.capabilities).toMatchObject({ compute: true, computesByDefault: true });
});

test.each(asked)('%s: the value of %s is fed, and is the answer', async (question, expression, value) => {
  const run = await runOne(model, ask(question));
  expect(deltas(run)).toContainEqual(
    expect.objectContaining({ text: ` ${value}`, expression, forced: true, logprobs: [] }),
  );
  expect(run.answer).toContain(value);
  const { usage } = run.finish;
  expect(usage.thinkingTokens).toBe(run.thinkingIds.length);
  expect(usage.forcedTokens).toBe(run.forcedIds.length);
  expect(usage.answerTokens).toBe(run.answerIds.length);
});

describe('the same text', () => {
  test('alone, and with others in the batch', async () => {
    const requests = [...asked, ...asked.slice(0, 2)].map(([question], index) =>
      ask(question, { thinking: { budgetTokens: 20 + 5 * index, computeTokens: 60 } }),
    );
    const alone: SampleResult[] = [];
    for (const request of requests) alone.push(await runOne(model, request));
    const together = await Promise.all(requests.map((request) => runOne(model, request)));
    expect(together.map(wholeThought)).toEqual(alone.map(wholeThought));
    expect(together.map(ids)).toEqual(alone.map(ids));
  });

  test('with a seed, row by row, where each runs alone', async () => {
    const request = ask(asked[0][0], { samples: 3, deterministic: true, sampling: { temperature: 1.2, seed: 7 } });
    const quiet = await runSamples(model, request);
    const others = asked.slice(1).map(([question]) => runOne(model, ask(question)));
    const amid = await runSamples(model, request);
    await Promise.all(others);
    expect(amid.map(ids)).toEqual(quiet.map(ids));
    expect(quiet.some((run) => deltas(run).some(({ expression }) => expression !== undefined))).toBe(true);
  });

  test('from a kept prefix', async () => {
    const fresh = await open();
    const again = ask(asked[0][0], { cacheScope: { owner: 'a', response: 'a1', ownPrompt: true } });
    const cold = await runOne(fresh, again);
    const warm = await runOne(fresh, again);
    expect(ids(warm)).toEqual(ids(cold));
    expect(warm.finish.usage.cachedTokens).toBe(warm.finish.usage.inputTokens - 1);
    await fresh.close();
  });

  test('from a thought that was cut at its equals sign, or behind its value', async () => {
    const whole = await runOne(model, ask(asked[0][0]));
    const pieces: ThoughtSegment[] = deltas(whole).map(({ text, tokenIds }) => ({ text, tokenIds }));
    const value = deltas(whole).findIndex(({ expression }) => expression !== undefined);
    for (const cut of [value, value + 1]) {
      const resumed = await runOne(
        model,
        ask(asked[0][0], { thinking: { budgetTokens: 120, computeTokens: 60, prefix: pieces.slice(0, cut) } }),
      );
      expect(
        pieces
          .slice(0, cut)
          .map(({ text }) => text)
          .join('') + wholeThought(resumed),
      ).toBe(wholeThought(whole));
      expect(resumed.answer).toBe(whole.answer);
      expect(resumed.finish.usage.forcedTokens).toBe(resumed.forcedIds.length);
    }
  });
});

test('a request that is cancelled right behind a value leaves nothing that sways the next', async () => {
  const fresh = await open();
  const expected = ids(await runOne(model, ask(asked[0][0])));
  const cancel = new AbortController();
  const cancelled = runOne(fresh, ask(asked[0][0]), {
    signal: cancel.signal,
    onEvent: (event) => {
      if (event.type === 'thinking-delta' && event.expression !== undefined) cancel.abort(new Error('enough'));
    },
  });
  await expect(cancelled).rejects.toThrow('enough');
  expect(ids(await runOne(fresh, ask(asked[0][0])))).toEqual(expected);
  expect(fresh.stats()).toMatchObject({ running: 0, waiting: 0 });
  await fresh.close();
});

test('nothing is computed without an allowance', async () => {
  const run = await runOne(model, ask(asked[0][0], { thinking: { budgetTokens: 120 } }));
  expect(deltas(run).filter(({ expression }) => expression !== undefined)).toEqual([]);
});
