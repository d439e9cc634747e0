import { expect, test } from 'vitest';
import { labelPlaces } from '../../console/src/views/eval/label-places.ts';

const chart = { left: 0, right: 500, top: 0, bottom: 300 };
const point = (x: number, y: number) => ({ x, y, top: y - 30, bottom: y + 30, width: 80 });

test('a label that stands alone is above its interval', () => {
  expect(labelPlaces([point(100, 150)], chart)).toEqual([{ x: 100, y: 113, anchor: 'middle' }]);
});

test('one beside another goes below, and a third to the side', () => {
  const places = labelPlaces([point(200, 150), point(220, 152), point(210, 151)], chart);
  expect(places.map(({ anchor }) => anchor)).toEqual(['middle', 'middle', 'start']);
  expect(places[1]?.y).toBeGreaterThan(152);
});

test('at the edge it stays within the chart', () => {
  expect(labelPlaces([point(480, 150)], chart)[0]).toMatchObject({ anchor: 'end' });
  expect(labelPlaces([point(100, 20)], chart)[0]?.y).toBeGreaterThan(20);
});
