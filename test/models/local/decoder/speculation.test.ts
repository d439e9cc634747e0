import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createEngine } from '../../../../src/models/local/decoder/engine.ts';
import { createKvArena } from '../../../../src/models/local/decoder/kv-arena.ts';
import type { SequenceCache } from '../../../../src/models/local/decoder/prefix-store.ts';
import { createPromptLookup, createTextIndexes } from '../../../../src/models/local/decoder/prompt-lookup.ts';
import type { SequenceDriver } from '../../../../src/models/local/decoder/sequence.ts';
import { createRunCosts } from '../../../../src/models/local/decoder/speculation.ts';
import { streamSeed } from '../../../../src/models/local/sampler.ts';
import { createToyRunner, toyLogits, toyShape } from './toy-runner.ts';

const guessOf = (ids: readonly number[], others: readonly (readonly number[])[] = [], most = 4) =>
  createPromptLookup(createTextIndexes()).guess({ ids, others, most }).ids;

describe('a guess', () => {
  test.each<[string, number[], number[][], number[]]>([
    ['is what followed the last two ids before', [1, 2, 3, 4, 5, 6, 1, 2], [], [3, 4, 5, 6]],
    ['follows the longest agreement', [9, 1, 2, 3, 7, 1, 2, 5, 9, 1, 2], [], [3, 7, 1, 2]],
    ['follows the latest of equal ones', [1, 2, 3, 8, 1, 2, 4, 8, 5, 1, 2], [], [4, 8, 5, 1]],
    ['goes on with itself in a text that repeats', [1, 2, 3, 1, 2, 3, 1, 2], [], [3, 1, 2, 3]],
    ['comes from another chain that agrees further', [1, 2, 3, 6, 1, 2], [[5, 6, 1, 2, 8, 9]], [8, 9]],
    ['follows the last id where no two agree', [1, 2, 3, 2, 1], [], [2, 3, 2, 1]],
    ['is nothing after an id that never stood there', [1, 2, 3], [[2, 4]], []],
    ['is nothing at the end of another chain', [4, 5], [[1, 4, 5]], []],
  ])('%s', (_name, ids, others, expected) => {
    expect(guessOf(ids, others)).toEqual(expected);
  });

  test('sees what its text and the other chains have gained since', () => {
    const [own, other] = [
      [1, 2, 7],
      [3, 4],
    ];
    const lookup = createPromptLookup(createTextIndexes());
    const guess = () => lookup.guess({ ids: own, others: [other], most: 2 }).ids;
    expect(guess()).toEqual([]);
    own.push(1, 2);
    expect(guess()).toEqual([7, 1]);
    own.push(3, 4);
    expect(guess()).toEqual([]);
    other.push(8, 9);
    expect(guess()).toEqual([8, 9]);
  });

  test('behind expected ids follows those', () => {
    const lookup = createPromptLookup(createTextIndexes());
    expect(lookup.guess({ ids: [1, 2, 3, 4, 1], given: [2], others: [], most: 2 }).ids).toEqual([3, 4]);
  });

  test('is thought likelier where earlier ones came, and less likely where they did not, run or not', () => {
    const chanceAfter = (next: (turn: number) => number) => {
      const ids = [1, 2, 3];
      const lookup = createPromptLookup(createTextIndexes());
      for (let turn = 0; turn < 40; turn += 1) {
        ids.push(100 + turn, 1, 2);
        lookup.guess({ ids, others: [], most: 1 });
        ids.push(next(turn));
      }
      ids.push(1, 2);
      return lookup.guess({ ids, others: [], most: 1 }).chances[0] ?? 0;
    };
    expect(chanceAfter(() => 3)).toBeGreaterThan(0.8);
    expect(chanceAfter((turn) => 1000 + turn)).toBeLessThan(0.1);
  });
});

describe('what a run costs', () => {
  const one = (length: number) => ({ rows: 1, length, past: 128 });

  test('is learned from the times of runs, relative to a step of one token', () => {
    const costs = createRunCosts();
    const assumed = costs.of(one(4)) / costs.of(one(1));
    for (let turn = 0; turn < 40; turn += 1) {
      costs.observe(one(1), 10);
      costs.observe(one(4), 10 * assumed * 1.5);
    }
    expect(costs.of(one(4)) / costs.of(one(1)) / assumed).toBeGreaterThan(1.3);
    expect(costs.of(one(2)) / costs.of(one(1))).toBe(createRunCosts().of(one(2)) / createRunCosts().of(one(1)));
  });

  test('is hardly changed by one run that was held up, and that is forgotten', () => {
    const costs = createRunCosts();
    const assumed = costs.of(one(4));
    costs.observe(one(1), 10);
    costs.observe(one(4), 10_000);
    expect(costs.of(one(4)) / assumed).toBeLessThan(1.2);
    for (let turn = 0; turn < 300; turn += 1) costs.observe(one(1), 10);
    expect(costs.of(one(4)) / assumed).toBeCloseTo(1, 2);
  });
});

type Scripted = { driver: SequenceDriver; done: Promise<void>; wrong: number[]; draws: number };

/**
 * A row that draws the ids of `script` in turn, and inserts those of `inserts` after the draw of that number, the draw itself
 * left out; `wrong`: the draws whose logits were not those of its ids.
 */
function scripted(
  prompt: readonly number[],
  script: readonly number[],
  inserts: ReadonlyMap<number, readonly number[]> = new Map(),
  expects = false,
): Scripted {
  const ids = [...prompt];
  let settle = () => {};
  const found: Scripted & { driver: { finished: boolean } } = {
    wrong: [],
    draws: 0,
    done: new Promise<void>((resolve) => {
      settle = resolve;
    }),
    driver: {
      ids,
      need: prompt.length + script.length + [...inserts.values()].flat().length,
      finished: false,
      get expects() {
        return expects ? inserts.get(found.draws) : undefined;
      },
      onCached() {},
      onLogits(logits, raw) {
        const wanted = toyLogits(ids);
        if (wanted.some((logit, id) => logit !== logits[id]) || raw?.max !== Math.max(...wanted)) {
          found.wrong.push(found.draws);
        }
        const inserted = inserts.get(found.draws);
        ids.push(...(inserted ?? [script[found.draws] ?? 0]));
        found.draws += 1;
        if (found.draws < script.length) return;
        found.driver.finished = true;
        settle();
      },
      fail(error) {
        throw error;
      },
    },
  };
  return found;
}

/** What the engine times its runs by: each takes what it is assumed to, however busy the machine is. */
let clock = 0;
const costs = createRunCosts();

function toyEngine(speculates = true) {
  const arena = createKvArena(toyShape, 4096);
  const runner = createToyRunner(arena, {
    onRun({ rows, length, past }) {
      clock += costs.of({ rows, length, past: Math.max(...past) });
    },
  });
  return createEngine({ runner, arena, speculates });
}

const circle = (length: number, period = 12) => Array.from({ length }, (_, index) => (index % period) + 3);
/** No two neighbours stand together twice. */
const fresh = (length: number) => Array.from({ length }, (_, index) => (index * (1 + Math.floor(index / 61))) % 61);
const together: SequenceCache = { owner: 'a', response: 'r', own: 0 };

describe('a sequence whose ids are guessed', () => {
  beforeEach(() => void vi.spyOn(performance, 'now').mockImplementation(() => clock));
  afterEach(() => void vi.restoreAllMocks());

  test('draws each from the logits of all before it, in far fewer runs', async () => {
    const engine = toyEngine();
    const row = scripted([1, 2], circle(200));
    engine.add([row.driver], { alone: false });
    await row.done;
    expect([row.draws, row.wrong]).toEqual([200, []]);
    expect(engine.stats.steps).toBeLessThan(90);
    expect(engine.stats.accepted).toBeGreaterThan(100);
  });

  test('draws rightly after wrong guesses, inserted ids and expected ids', async () => {
    for (const expects of [false, true]) {
      const engine = toyEngine();
      // Each turn of the circle says something else at one place.
      const script = circle(300).map((id, index) => (index % 17 === 0 ? 20 + (index % 30) : id));
      const inserts = new Map(
        [10, 40, 90, 150, 200, 201, 299].map((at, index) => [at, circle(1 + index * 3).reverse()]),
      );
      const row = scripted([1, 2], script, inserts, expects);
      engine.add([row.driver], { alone: false });
      await row.done;
      expect(row.wrong).toEqual([]);
      const plain = scripted([1, 2], script, inserts);
      const without = toyEngine(false);
      without.add([plain.driver], { alone: false });
      await plain.done;
      expect(row.driver.ids).toEqual(plain.driver.ids);
      expect(without.stats.guessed).toBe(0);
      expect(engine.stats.guessed).toBeGreaterThan(engine.stats.accepted);
    }
  });

  test('has its expected ids computed in the run of its last one', async () => {
    const count = async (expects: boolean) => {
      const engine = toyEngine();
      const inserts = new Map([5, 15, 25, 35].map((at) => [at, [61 + (at % 3), at, 62]]));
      const row = scripted([1, 2], fresh(40), inserts, expects);
      engine.add([row.driver], { alone: false });
      await row.done;
      expect(row.wrong).toEqual([]);
      return engine.stats.steps;
    };
    expect((await count(false)) - (await count(true))).toBe(4);
  });

  test('is guessed from another chain of its response, and not from one of another', async () => {
    const guessed = async (second: SequenceCache) => {
      const engine = toyEngine();
      const script = fresh(150);
      for (const cache of [together, second]) {
        const row = scripted([1, 2], script);
        engine.add([row.driver], { alone: false, cache });
        await row.done;
        expect(row.wrong).toEqual([]);
      }
      return engine.stats.accepted;
    };
    expect(await guessed(together)).toBeGreaterThan(100);
    expect(await guessed({ ...together, response: 's' })).toBeLessThan(20);
    expect(await guessed({ ...together, owner: 'b' })).toBeLessThan(20);
  });

  test('takes turns with a second one that repeats as well', async () => {
    const engine = toyEngine();
    const rows = [scripted([1], circle(200)), scripted([2], circle(200, 9))];
    for (const { driver } of rows) engine.add([driver], { alone: false });
    await Promise.all(rows.map(({ done }) => done));
    expect(rows.map(({ wrong }) => wrong)).toEqual([[], []]);
    expect(engine.stats.accepted).toBeGreaterThan(100);
  });

  test.each([
    ['by itself, as for `deterministic`', 1, true],
    ['beside another sample, which shares its budget', 2, false],
  ])('is not, %s', async (_name, count, alone) => {
    const engine = toyEngine();
    const rows = Array.from({ length: count }, () => scripted([1, 2], circle(60)));
    engine.add(
      rows.map(({ driver }) => driver),
      { alone },
    );
    await Promise.all(rows.map(({ done }) => done));
    expect(engine.stats.guessed).toBe(0);
  });

  test('is not, while two others decode', async () => {
    const engine = toyEngine();
    const rows = [30, 30, 60].map((count, index) => scripted([index, 2], circle(count)));
    let early = 0;
    for (const { driver } of rows) engine.add([driver], { alone: false });
    await Promise.race([rows[0]?.done, rows[1]?.done]);
    early = engine.stats.guessed;
    await Promise.all(rows.map(({ done }) => done));
    expect(early).toBeLessThan(10);
    expect(engine.stats.guessed).toBeGreaterThan(early);
  });

  test('stops being guessed where the guesses are wrong', async () => {
    const engine = toyEngine();
    // Nearly every two ids stood together before; one in twenty guesses comes.
    const row = scripted(
      [1],
      Array.from({ length: 600 }, (_, index) => (streamSeed(index, 0) >>> 0) % 20),
    );
    engine.add([row.driver], { alone: false });
    await row.done;
    expect(row.wrong).toEqual([]);
    expect(engine.stats.guessed).toBeGreaterThan(3);
    expect(engine.stats.guessed).toBeLessThan(100);
  });
});
