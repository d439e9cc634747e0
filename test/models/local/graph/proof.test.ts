import { describe, expect, it } from 'vitest';
import { createKvArena } from '../../../../src/models/local/decoder/kv-arena.ts';
import type { CacheRunner } from '../../../../src/models/local/graph/cache-runner.ts';
import { proveInPlace } from '../../../../src/models/local/graph/proof.ts';
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
