import { describe, expect, it } from 'vitest';
import { createKvArena } from '../../../../src/models/local/decoder/kv-arena.ts';
import type { CacheRunner } from '../../../../src/models/local/graph/cache-runner.ts';
import { equalTogether, proveInPlace } from '../../../../src/models/local/graph/proof.ts';
import { createToyRunner, toyShape, toyVocabulary } from '../decoder/toy-runner.ts';

const shape = { ...toyShape, vocabularySize: toyVocabulary, takesPositions: false, keepsLogits: true };

/** `spoil` changes the runner with its caches in place. */
function prove(spoil: (runner: CacheRunner) => CacheRunner = (runner) => runner) {
  const arena = createKvArena(shape, 64);
  return proveInPlace(spoil(createToyRunner(arena)), createToyRunner(createKvArena(shape, 64)), shape, arena);
}

describe('the proof of caches in place', () => {
  it('holds for a graph that keeps them', async () => {
    expect(await prove()).toBeUndefined();
  });

  it.each([
    ['a step', 1],
    ['a short piece', 3],
    ['a piece long enough to take another way through the graph', 12],
  ])('fails where %s leaves them as they were', async (_name, length) => {
    const apart = createToyRunner(createKvArena(shape, 64));
    const fault = await prove((runner) => ({
      ...runner,
      run: (call) => (call.length === length ? apart.run(call) : runner.run(call)),
    }));
    expect(fault).toMatch(/caches? /);
  });

  it('fails where the graph sums its logits up wrongly', async () => {
    const fault = await prove((runner) => ({
      ...runner,
      distribution: () => ({ max: 0, logSumExp: 1, selfCertainty: 1 }),
    }));
    expect(fault).toMatch(/summed up/);
  });
});

describe('several new tokens in one run', () => {
  const equal = (spoil: (runner: CacheRunner) => CacheRunner = (runner) => runner, cacheType?: 'float32') => {
    const arena = createKvArena(shape, 64);
    return equalTogether(spoil(createToyRunner(arena)), { ...shape, ...(cacheType && { cacheType }) }, arena);
  };

  it('are as good as runs of their own where all logits and caches are the same', async () => {
    expect(await equal()).toBe(true);
  });

  it.each([3, 8])('are not where %i of them round otherwise', async (length) => {
    const rounding = (runner: CacheRunner): CacheRunner => ({
      ...runner,
      run: async (call) => (await runner.run(call)).map((logit) => (call.length === length ? logit + 1e-6 : logit)),
    });
    expect(await equal(rounding)).toBe(false);
  });

  it('are not with caches of 32 bits, whose attention depends on how many there are', async () => {
    expect(await equal(undefined, 'float32')).toBe(false);
  });
});
