import { describe, expect, test } from 'vitest';
import {
  type ActiveSequence,
  capacityFor,
  type KeptSequence,
  planGroups,
  planLayout,
} from '../../../../src/models/local/decoder/layout.ts';
import { streamSeed } from '../../../../src/models/local/sampler.ts';

describe('capacity classes', () => {
  test.each([
    [1, 256],
    [256, 256],
    [257, 320],
    [512, 512],
    [513, 640],
    [1025, 1280],
    [1280, 1280],
    [5000, 5120],
    [5800, 5825],
  ])('%i tokens lie in %i', (need, capacity) => {
    expect(capacityFor(need, 5825)).toBe(capacity);
  });

  test('at most a fifth of a row is spare, and none is too small', () => {
    for (let need = 256; need <= 8192; need += 7) {
      const capacity = capacityFor(need, 8192);
      expect(capacity).toBeGreaterThanOrEqual(need);
      expect(capacity - need).toBeLessThan(0.2 * capacity);
    }
  });

  test('what is larger than the arena is refused', () => {
    expect(() => capacityFor(5826, 5825)).toThrow(RangeError);
  });
});

describe('groups', () => {
  test.each<[string, number[], number, Array<{ capacity: number; count: number }>]>([
    ['one group while it fits', [1000, 200, 200], 5825, [{ capacity: 1024, count: 3 }]],
    [
      'two where one would not fit',
      [4000, 200, 200],
      5825,
      [
        { capacity: 4096, count: 1 },
        { capacity: 256, count: 2 },
      ],
    ],
    ['no rows, no groups', [], 100, []],
  ])('%s', (_name, needs, tokens, wanted) => {
    expect(planGroups(needs, { tokens, largest: tokens })).toEqual(wanted);
  });
});

type Active = ActiveSequence & { name: number };
type Kept = KeptSequence & { name: number };

test('a layout never overlaps, keeps groups whole, and gives up the oldest only', () => {
  let state = 1;
  const next = (below: number) => {
    state = streamSeed(state, 2);
    return (state >>> 0) % below;
  };
  const tokens = 4096;
  let active: Active[] = [];
  let kept: Kept[] = [];
  for (let step = 0; step < 600; step += 1) {
    // Rows leave and are kept, others join if their classes fit.
    const leaving = active.filter(() => next(6) === 0);
    active = active.filter((row) => !leaving.includes(row));
    for (const { place, name } of leaving) if (place) kept.push({ name, length: 1 + next(place.capacity), place });
    const need = 1 + next(900);
    const room = (rows: readonly Active[]) => rows.reduce((sum, row) => sum + capacityFor(row.need, tokens), 0);
    const joining: Active = { name: step, need, place: undefined, decoding: false, alone: next(8) === 0 };
    if (room([...active, joining]) <= tokens) active.push(joining);
    for (const row of active) if (next(3) === 0) row.decoding = true;

    const layout = planLayout({ tokens, active, kept });
    const places = [...active.map((row) => layout.places.get(row)), ...layout.keptPlaces.values()].map((place) => {
      if (!place) throw new Error('a row has no place');
      return place;
    });
    places.sort((a, b) => a.offset - b.offset);
    for (const [index, place] of places.entries()) {
      expect(place.offset).toBeGreaterThanOrEqual(
        index === 0 ? 0 : (places[index - 1]?.offset ?? 0) + (places[index - 1]?.capacity ?? 0),
      );
      expect(place.offset + place.capacity).toBeLessThanOrEqual(tokens);
    }
    for (const row of active) expect(layout.places.get(row)?.capacity).toBeGreaterThanOrEqual(row.need);
    for (const group of layout.groups) {
      group.decoding.forEach((row, slot) => {
        expect(layout.places.get(row)?.offset).toBe(group.place.offset + slot * group.place.capacity);
      });
      if ([...group.decoding, ...group.others].some(({ alone }) => alone))
        expect(group.decoding.length + group.others.length).toBe(1);
    }
    for (const [row, place] of layout.keptPlaces) expect(place.capacity).toBeGreaterThanOrEqual(row.length);
    expect(layout.evicted).toEqual(kept.slice(0, layout.evicted.length));
    for (const [row, place] of layout.places) row.place = place;
    for (const [row, place] of layout.keptPlaces) row.place = place;
    kept = kept.filter((row) => !layout.evicted.includes(row));
  }
});

test('nobody moves when a row joins that fits beside the others', () => {
  const row = (offset: number, decoding = true): ActiveSequence => ({
    need: 200,
    place: { offset, capacity: 256 },
    decoding,
    alone: false,
  });
  const active: ActiveSequence[] = [row(0), row(256), { need: 180, place: undefined, decoding: false, alone: false }];
  const kept: KeptSequence[] = [{ length: 300, place: { offset: 1700, capacity: 300 } }];
  const layout = planLayout({ tokens: 2000, active, kept });
  expect(active.map((each) => layout.places.get(each)?.offset)).toEqual([0, 256, 512]);
  expect([...layout.keptPlaces.values()]).toEqual([{ offset: 1700, capacity: 300 }]);
});
