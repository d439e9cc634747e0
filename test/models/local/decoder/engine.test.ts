import { describe, expect, test } from 'vitest';
import { createEngine, type Engine } from '../../../../src/models/local/decoder/engine.ts';
import { createKvArena } from '../../../../src/models/local/decoder/kv-arena.ts';
import type { SequenceCache } from '../../../../src/models/local/decoder/prefix-store.ts';
import type { SequenceDriver } from '../../../../src/models/local/decoder/sequence.ts';
import { streamSeed } from '../../../../src/models/local/sampler.ts';
import { rawDistribution } from '../../../../src/models/local/sampler-softmax.ts';
import { createToyRunner, greedy, toyContinuation, toyLogits, toyShape } from './toy-runner.ts';

type TestRow = SequenceDriver & { done: Promise<number[]>; cached: number; cancel(): void; error: unknown };

/** Rows of one response. */
const together: SequenceCache = { owner: 'a', response: 'r', own: 0 };

/** A greedy row of `count` tokens; `feeding` puts forced ids after the token at that place. */
function rowOf(
  prompt: readonly number[],
  count: number,
  options: { feeding?: ReadonlyMap<number, readonly number[]>; onToken?: (sampled: number) => void } = {},
): TestRow {
  const ids = [...prompt];
  let sampled = 0;
  let resolve: (ids: number[]) => void = () => {};
  const fed = [...(options.feeding?.values() ?? [])].reduce((sum, { length }) => sum + length, 0);
  const row: TestRow & { finished: boolean } = {
    ids,
    need: prompt.length + count + fed,
    finished: false,
    cached: -1,
    error: undefined,
    done: new Promise<number[]>((settle) => {
      resolve = settle;
    }),
    onCached(tokens) {
      row.cached = tokens;
    },
    onLogits(logits, raw) {
      if (raw?.logSumExp !== rawDistribution(logits).logSumExp) throw new Error("another row's distribution");
      ids.push(greedy(logits));
      ids.push(...(options.feeding?.get(sampled) ?? []));
      sampled += 1;
      options.onToken?.(sampled);
      if (sampled < count) return;
      row.finished = true;
      resolve(ids.slice(prompt.length));
    },
    cancel() {
      row.finished = true;
      resolve(ids.slice(prompt.length));
    },
    fail(error) {
      row.error = error;
      row.finished = true;
      resolve(ids.slice(prompt.length));
    },
  };
  return row;
}

function engineOf(
  tokens: number,
  headroom?: number,
): { engine: Engine; runs: Array<{ rows: number; length: number; capacity: number }> } {
  const arena = createKvArena(toyShape, tokens);
  const runs: Array<{ rows: number; length: number; capacity: number }> = [];
  const runner = createToyRunner(arena, {
    onRun: ({ rows, length, place }) => runs.push({ rows, length, capacity: place.capacity }),
  });
  return { engine: createEngine({ runner, arena, ...(headroom === undefined ? {} : { headroom }) }), runs };
}

/** A small stream of whole numbers below `below`, from a seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = streamSeed(state, 1);
    return (state >>> 0) % below;
  };
}

const promptOf = (next: (below: number) => number, length: number) => Array.from({ length }, () => next(64));

/** What a greedy row says with `fed` ids behind its token number `feedAt`. */
function saidAround(prompt: readonly number[], count: number, feedAt: number, fed: readonly number[]): number[] {
  const before = [...toyContinuation(prompt, feedAt + 1), ...fed];
  return [...before, ...toyContinuation([...prompt, ...before], count - feedAt - 1)];
}

describe('what a row says', () => {
  test('is the same whatever joins, leaves, is kept, moved or given up beside it', { timeout: 60_000 }, async () => {
    for (let seed = 1; seed <= 12; seed += 1) {
      const next = numbers(seed);
      // Where rows have little room at first they grow, and now and then have to leave for others.
      const { engine } = engineOf(512 + next(3000), seed % 2 === 0 ? 8 : 512);
      const prompts: number[][] = [];
      const rows: Array<{ row: TestRow; wanted: number[] }> = [];
      const add = () => {
        const earlier = prompts[next(prompts.length || 1)];
        const prompt =
          earlier && next(2) === 0
            ? [...earlier.slice(0, 1 + next(earlier.length)), ...promptOf(next, 1 + next(30))]
            : promptOf(next, 1 + next(200));
        const count = 1 + next(40);
        // Some rows are fed sentences, now and then right behind their first token.
        const fed = promptOf(next, next(3) === 0 ? 1 + next(80) : 0);
        const feedAt = next(2) === 0 ? 0 : next(count);
        if (prompt.length + count + fed.length > engine.largestSequence) return;
        const wanted = saidAround(prompt, count, feedAt, fed);
        prompts.push([...prompt, ...wanted]);
        const samples = 1 + next(3);
        const group = Array.from({ length: samples }, () =>
          rowOf(prompt, count, { feeding: new Map([[feedAt, fed]]), onToken: () => next(25) === 0 && add() }),
        );
        for (const row of group) rows.push({ row, wanted });
        if (rows.length < 40)
          engine.add(group, {
            alone: next(6) === 0,
            cache: { owner: `${next(2)}`, response: `${next(3)}`, own: next(prompt.length + 1) },
          });
        else for (const row of group) row.cancel();
      };
      for (let index = 0; index < 5; index += 1) add();
      for (let index = 0; index < rows.length; index += 1) await rows[index]?.row.done;
      for (const { row, wanted } of rows) {
        expect(row.error).toBeUndefined();
        const said = row.ids.slice(row.ids.length - wanted.length);
        if (row.cached >= 0) expect(said).toEqual(wanted);
      }
    }
  });

  test('may be far longer than its room at first, so that many that could be long run at once', {
    timeout: 60_000,
  }, async () => {
    const { engine, runs } = engineOf(1024, 64);
    // Any of them might come to 1,000 tokens; four at once would never fit.
    const rows = Array.from({ length: 4 }, (_, index) => Object.assign(rowOf([index, 1, 2], 40), { need: 1000 }));
    for (const row of rows) engine.add([row], { alone: false });
    for (const [index, row] of rows.entries()) expect(await row.done).toEqual(toyContinuation([index, 1, 2], 40));
    expect(Math.max(...runs.map((run) => run.rows))).toBe(4);
    const long = [1, 2].map((first) => rowOf([first, 7], 600));
    for (const row of long) engine.add([row], { alone: false });
    for (const [index, row] of long.entries()) expect(await row.done).toEqual(toyContinuation([index + 1, 7], 600));
  });

  test('goes on after fed ids as if they had been in the prompt', async () => {
    const { engine } = engineOf(2048);
    const prompt = [1, 2, 3];
    const fed = Array.from({ length: 90 }, (_, index) => index % 64);
    const rows = [rowOf(prompt, 6, { feeding: new Map([[2, fed]]) }), rowOf([9, 9], 40)];
    engine.add([rows[0] as TestRow], { alone: false });
    engine.add([rows[1] as TestRow], { alone: false });
    const said = await rows[0]?.done;
    const before = toyContinuation(prompt, 3);
    expect(said).toEqual([...before, ...fed, ...toyContinuation([...prompt, ...before, ...fed], 3)]);
    expect(await rows[1]?.done).toEqual(toyContinuation([9, 9], 40));
  });
});

test('a sample that comes in while the first one is already fed a sentence starts from the prompt', async () => {
  const prompt = promptOf(numbers(12), 40);
  const fed = promptOf(numbers(13), 100);
  // The room comes free at each of the steps around the end of the first sample's prefill.
  for (let blocking = 1; blocking <= 8; blocking += 1) {
    const { engine } = engineOf(512);
    const blocker = rowOf([1, 2], blocking);
    engine.add([blocker], { alone: false });
    const samples = [0, 1].map(() => rowOf(prompt, 5, { feeding: new Map([[0, fed]]) }));
    engine.add(samples, { alone: false });
    const said = await Promise.all(samples.map(({ done }) => done));
    expect(said).toEqual([saidAround(prompt, 5, 0, fed), saidAround(prompt, 5, 0, fed)]);
  }
});

test('a sample that is told to answer while it waits for the prefill goes on from its own ids', async () => {
  const { engine } = engineOf(2048);
  const prompt = promptOf(numbers(14), 600);
  const samples: [TestRow, TestRow] = [rowOf(prompt, 5), rowOf(prompt, 5, { feeding: new Map([[9, [7, 8, 9]]]) })];
  const late = samples[1];
  const more: TestRow = Object.assign(late, {
    onCached: () => (late.ids as number[]).push(7, 8, 9),
  });
  engine.add([samples[0], more], { alone: false });
  expect(await samples[0].done).toEqual(toyContinuation(prompt, 5));
  expect(await more.done).toEqual([7, 8, 9, ...toyContinuation([...prompt, 7, 8, 9], 5)]);
});

describe('the cache', () => {
  test('one prefill serves all samples of a prompt', async () => {
    const { engine, runs } = engineOf(4096);
    const prompt = promptOf(numbers(3), 200);
    const rows = Array.from({ length: 8 }, () => rowOf(prompt, 5));
    engine.add(rows, { alone: false, cache: together });
    await Promise.all(rows.map(({ done }) => done));
    expect(runs.filter(({ length }) => length > 1)).toEqual([{ rows: 1, length: 200, capacity: 256 }]);
    expect(runs.filter(({ length, rows: count }) => length === 1 && count === 8)).toHaveLength(4);
  });

  test('a second turn computes its new tokens only', async () => {
    const { engine, runs } = engineOf(4096);
    const first = rowOf(promptOf(numbers(4), 500), 10);
    engine.add([first], { alone: false, cache: together });
    await first.done;
    runs.length = 0;
    const second = rowOf([...first.ids, ...promptOf(numbers(5), 30)], 3);
    engine.add([second], { alone: false, cache: together });
    await second.done;
    // The last sampled token of the first turn was never fed.
    expect(runs[0]?.length).toBe(31);
    expect(second.cached).toBe(first.ids.length - 1);
  });

  test('a cut row goes on at the cost of the new ids', async () => {
    const { engine, runs } = engineOf(4096);
    const chain = rowOf(promptOf(numbers(6), 300), 100);
    engine.add([chain], { alone: false, cache: together });
    await chain.done;
    runs.length = 0;
    const cut = [...chain.ids.slice(0, 350), 5, 6, 7];
    const revised = rowOf(cut, 10);
    engine.add([revised], { alone: false, cache: together });
    expect(await revised.done).toEqual(toyContinuation(cut, 10));
    expect(runs[0]?.length).toBe(3);
  });

  test('what is kept gives way to what runs, the oldest first, and never outgrows the arena', async () => {
    const { engine } = engineOf(1024);
    for (let index = 0; index < 8; index += 1) {
      const row = rowOf(promptOf(numbers(index + 50), 200), 20);
      engine.add([row], { alone: false, cache: together });
      await row.done;
      expect(engine.stats.usedTokens).toBeLessThanOrEqual(1024);
    }
    const again = rowOf(promptOf(numbers(57), 200), 20);
    const forgotten = rowOf(promptOf(numbers(50), 200), 20);
    engine.add([again], { alone: false, cache: together });
    await again.done;
    engine.add([forgotten], { alone: false, cache: together });
    await forgotten.done;
    expect([again.cached, forgotten.cached]).toEqual([199, 0]);
  });

  test('rows that run alone start cold, in runs of one', async () => {
    const { engine, runs } = engineOf(4096);
    const prompt = promptOf(numbers(8), 300);
    const warm = rowOf(prompt, 5);
    engine.add([warm], { alone: false, cache: together });
    await warm.done;
    runs.length = 0;
    const rows = [rowOf(prompt, 5), rowOf(prompt, 5)];
    engine.add(rows, { alone: true, cache: together });
    expect(await Promise.all(rows.map(({ done }) => done))).toEqual([
      toyContinuation(prompt, 5),
      toyContinuation(prompt, 5),
    ]);
    expect(rows.map(({ cached }) => cached)).toEqual([0, 0]);
    expect(new Set(runs.map(({ rows: count }) => count))).toEqual(new Set([1]));
    expect(runs.slice(0, 3).map(({ length }) => length)).toEqual([128, 128, 44]);
  });
});

describe('between responses', () => {
  const hers = { owner: 'a', response: 'a1', own: 0 };
  const run = async (engine: Engine, ids: readonly number[], cache: SequenceCache | undefined, count = 5) => {
    const row = rowOf(ids, count);
    engine.add([row], { alone: false, cache });
    await row.done;
    return row;
  };
  const prompt = promptOf(numbers(21), 100);

  test('another owner computes all of the same prompt, be it kept or running', async () => {
    const { engine, runs } = engineOf(4096);
    await run(engine, prompt, { ...hers, own: 100 });
    runs.length = 0;
    const other = await run(engine, prompt, { owner: 'b', response: 'b1', own: 100 });
    expect(other.cached).toBe(0);
    expect(runs[0]?.length).toBe(100);
    const running = rowOf(promptOf(numbers(22), 100), 200);
    engine.add([running], { alone: false, cache: { ...hers, own: 100 } });
    while (running.ids.length < 150) await new Promise(setImmediate);
    expect((await run(engine, running.ids.slice(0, 140), { owner: 'b', response: 'b2', own: 140 })).cached).toBe(0);
    running.cancel();
  });

  test("the owner's next response starts from the prompt, and not from what was thought behind it", async () => {
    const { engine } = engineOf(4096);
    const first = await run(engine, prompt, { ...hers, own: 100 }, 60);
    const guessed = await run(engine, first.ids.slice(0, 150), { owner: 'a', response: 'a2', own: 150 });
    expect(guessed.cached).toBe(100);
    const same = await run(engine, first.ids.slice(0, 150), { ...hers, own: 100 });
    expect(same.cached).toBe(149);
  });

  test('a prompt that holds hidden text serves its own response alone', async () => {
    const { engine } = engineOf(4096);
    await run(engine, prompt, hers);
    expect((await run(engine, prompt, { owner: 'a', response: 'a2', own: 100 })).cached).toBe(0);
    expect((await run(engine, prompt, hers)).cached).toBe(99);
  });

  test('what a response thought is gone when it has ended, be its rows kept or just cancelled', async () => {
    const { engine } = engineOf(4096);
    const first = await run(engine, prompt, { ...hers, own: 100 }, 60);
    const late = rowOf(promptOf(numbers(23), 80), 100);
    engine.add([late], { alone: false, cache: { ...hers, own: 80 } });
    while (late.ids.length < 100) await new Promise(setImmediate);
    late.cancel();
    engine.forget('a1');
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(engine.stats.usedTokens).toBe(180);
    expect((await run(engine, first.ids.slice(0, 150), hers)).cached).toBe(100);
    expect((await run(engine, late.ids.slice(0, 95), hers)).cached).toBe(80);
  });

  test('an owner that asks the same leaves the kept rows of another alone', async () => {
    const { engine } = engineOf(4096);
    await run(engine, prompt, { ...hers, own: 100 });
    await run(engine, [...prompt, 1, 2, 3], { owner: 'b', response: 'b1', own: 103 });
    expect((await run(engine, [...prompt, 4], { owner: 'a', response: 'a2', own: 101 })).cached).toBe(100);
  });

  test('a row without an owner starts cold and leaves nothing', async () => {
    const { engine } = engineOf(4096);
    await run(engine, prompt, undefined);
    expect(engine.stats.keptRows).toBe(0);
    expect((await run(engine, prompt, undefined)).cached).toBe(0);
  });
});

describe('the loop', () => {
  test('a long prompt is computed in pieces between the steps of others', async () => {
    const { engine, runs } = engineOf(8192);
    const short = rowOf([1, 2, 3], 100);
    engine.add([short], { alone: false });
    const long = rowOf(promptOf(numbers(9), 1000), 2);
    engine.add([long], { alone: false });
    await Promise.all([short.done, long.done]);
    const pieces = runs.flatMap(({ length }, index) => (length > 3 ? [index] : []));
    expect(pieces.length).toBeGreaterThan(10);
    for (const [index, piece] of pieces.slice(1).entries()) expect(piece - (pieces[index] ?? 0)).toBeGreaterThan(1);
  });

  test('a cancelled row is gone before the next step, and its neighbours go on', async () => {
    const { engine, runs } = engineOf(2048);
    const rows = [rowOf([1], 50), rowOf([2], 50), rowOf([3], 50)];
    for (const row of rows) engine.add([row], { alone: false });
    const [first, middle, last] = rows as [TestRow, TestRow, TestRow];
    while (middle.ids.length < 10) await new Promise(setImmediate);
    middle.cancel();
    const before = runs.length;
    await first.done;
    expect(runs.slice(before).every(({ rows: count }) => count < 3)).toBe(true);
    expect(await first.done).toEqual(toyContinuation([1], 50));
    expect(await last.done).toEqual(toyContinuation([3], 50));
  });

  test('samples live on when the one whose prefill they wait for is cancelled', async () => {
    const { engine } = engineOf(4096);
    const prompt = promptOf(numbers(10), 700);
    const rows = [rowOf(prompt, 5), rowOf(prompt, 5)];
    engine.add(rows, { alone: false });
    await new Promise(setImmediate);
    rows[0]?.cancel();
    expect(await rows[1]?.done).toEqual(toyContinuation(prompt, 5));
  });

  test('a driver that throws fails alone', async () => {
    const { engine } = engineOf(2048);
    const bad = rowOf([1], 50, {
      onToken: (sampled) => {
        if (sampled === 5) throw new Error('its own fault');
      },
    });
    const good = rowOf([2], 50);
    engine.add([bad], { alone: false });
    engine.add([good], { alone: false });
    await bad.done;
    expect(String(bad.error)).toMatch(/its own fault/);
    expect(await good.done).toEqual(toyContinuation([2], 50));
  });

  test('a large row is let in though small ones keep coming', async () => {
    const { engine } = engineOf(2048);
    const order: string[] = [];
    let small = 0;
    const addSmall = () => {
      if (small > 60) return;
      small += 1;
      const name = `small ${small}`;
      const row = rowOf([small % 64], 20);
      engine.add([row], { alone: false });
      void row.done.then(() => {
        order.push(name);
        addSmall();
      });
    };
    for (let index = 0; index < 8; index += 1) addSmall();
    await new Promise(setImmediate);
    const large = rowOf(promptOf(numbers(11), 1500), 10);
    engine.add([large], { alone: false });
    await large.done;
    expect(order.length).toBeLessThan(40);
  });

  test('closing fails what runs and what waits', async () => {
    const { engine } = engineOf(512);
    const rows = Array.from({ length: 6 }, (_, index) => rowOf([index], 100));
    for (const row of rows) engine.add([row], { alone: false });
    await new Promise(setImmediate);
    await engine.close(new Error('closing'));
    await Promise.all(rows.map(({ done }) => done));
    expect(rows.every(({ error }) => String(error).includes('closing'))).toBe(true);
  });
});

test('a probe sees the logits of all its ids and leaves no trace', async () => {
  const { engine } = engineOf(1024);
  const prompt = [4, 5, 6, 7, 8, 9, 10, 11, 12];
  const seen: number[][] = [];
  let probe: readonly number[] | undefined;
  let finished = false;
  let round = 0;
  await new Promise<void>((resolve) => {
    const driver: SequenceDriver = {
      ids: prompt,
      need: prompt.length + 3,
      get finished() {
        return finished;
      },
      get probe() {
        return probe;
      },
      onCached() {},
      onLogits() {
        probe = [1, 2, 3];
      },
      onProbe(logits) {
        seen.push(Array.from(logits));
        round += 1;
        if (round < 2) return;
        finished = true;
        resolve();
      },
      fail: (error) => {
        throw error;
      },
    };
    engine.add([driver], { alone: false });
  });
  const wanted = [1, 2, 3].flatMap((_, index) => Array.from(toyLogits([...prompt, ...[1, 2, 3].slice(0, index + 1)])));
  expect(seen).toEqual([wanted, wanted]);
});
