import { expect, it } from 'vitest';
import type { ScoreResult } from '../../../../src/core/language-model.ts';
import { createScoreSequence } from '../../../../src/models/local/decoder/score-sequence.ts';
import type { LlamaRunner } from '../../../../src/models/local/gguf/llama-library.ts';
import { createSlotEngine } from '../../../../src/models/local/gguf/slot-engine.ts';

const vocabularySize = 8;

/** What llama.cpp can do wrong, which it does with few models: the likeliest token is that behind the last one by number. */
function runner(changes: Partial<LlamaRunner>): LlamaRunner {
  const last = new Map<number, number>();
  return {
    sequences: 2,
    contextLength: 64,
    async decode(parts) {
      return parts.map(({ sequence, ids, logitsOf }) =>
        logitsOf.map((index) => {
          const place = sequence * 1000 + index;
          last.set(place, ids[index] ?? 0);
          return place;
        }),
      );
    },
    async read(place) {
      const next = ((last.get(place) ?? 0) + 1) % vocabularySize;
      return { pairs: Array.from({ length: vocabularySize }, (_, id) => [id, id === next ? 5 : 0]).flat() };
    },
    async copy() {},
    truncate: (_sequence, length) => length >= 0,
    async close() {},
    ...changes,
  };
}

function score(engine: ReturnType<typeof createSlotEngine>, promptIds: number[], continuations: number[][]) {
  return new Promise<ScoreResult>((onResult, onFail) => {
    const driver = createScoreSequence({ promptIds, continuations, vocabularySize, onResult, onFail });
    const cache = { owner: 'a', response: 'r', own: 0 };
    engine.add([driver], { alone: false, cache });
  });
}

const likely = 5 - Math.log(Math.exp(5) + vocabularySize - 1);
const prompt = [1, 2, 3, 1, 2, 3, 1, 2, 3, 1];

it('computes a sequence again if its end can’t be dropped, and counts nothing twice', async () => {
  const engine = createSlotEngine(runner({ truncate: (_sequence, length) => length === 0 }), vocabularySize);
  const { continuations } = await score(engine, prompt, [
    [2, 3, 4],
    [2, 3],
  ]);
  expect(continuations[0]?.logprob).toBeCloseTo(3 * likely, 5);
  expect(continuations[1]?.logprob).toBeCloseTo(2 * likely, 5);
  await engine.close(new Error('closed'));
});

it('fails the row whose beginning can’t be copied, and goes on with others', async () => {
  let broken = true;
  const copy = async () => {
    if (broken) throw new Error('no copy');
  };
  const engine = createSlotEngine(runner({ copy }), vocabularySize);
  await score(engine, prompt, [[2]]);
  // Both start from the kept one: the first where it is, the second from a copy.
  const [first, second] = await Promise.allSettled([
    score(engine, prompt, [[2]]),
    score(engine, [...prompt, 2], [[3]]),
  ]);
  expect(first.status).toBe('fulfilled');
  expect(second).toMatchObject({ status: 'rejected', reason: new Error('no copy') });
  broken = false;
  expect((await score(engine, [...prompt, 2], [[3]])).continuations[0]?.logprob).toBeCloseTo(likely, 5);
  await engine.close(new Error('closed'));
});

it('takes nothing for granted of a sequence over which a copy has failed', async () => {
  const copy = async () => Promise.reject(new Error('no copy'));
  const begun: number[] = [];
  const sound = runner({});
  const decode: LlamaRunner['decode'] = (parts) => {
    begun.push(...parts.map(({ from }) => from));
    return sound.decode(parts);
  };
  const engine = createSlotEngine(runner({ copy, decode }), vocabularySize);
  const other = Array.from({ length: 30 }, (_, index) => 7 - (index % 7));
  await score(engine, other, [[2]]);
  await score(engine, prompt, [[2]]);
  // The second of them is copied over the sequence of the other prompt.
  await Promise.allSettled([score(engine, prompt, [[2]]), score(engine, [...prompt, 2], [[3]])]);
  begun.length = 0;
  await score(engine, [...other, 1], [[2]]);
  expect(begun).toEqual([0]);
  await engine.close(new Error('closed'));
});
