import { expect, test } from 'vitest';
import { labelPlaces } from '../../console/src/views/eval/label-places.ts';

const chart = { left: 0, right: 500, top: 0, bottom: 300 };
const point = (x: number, y: number) => ({ x, y, top: y - 30, bottom: y + 30, width: 80 });

test('a label that stands alone is above its interval', () => {
  expect(labelPlaces([point(100, 150)], chart)).toEqual([{ x: 100, y: 113, anchor: 'middle' }]);
});

test('one beside another goes below, and a third, with bars on both sides, further up', () => {
  const places = labelPlaces([point(200, 150), point(220, 152), point(210, 151)], chart);
  expect(places.map(({ anchor }) => anchor)).toEqual(['middle', 'middle', 'middle']);
  expect(places.map(({ y }) => y)).toEqual([113, 200.25, 84]);
});

test('no label lies across an interval, of a point before it or after', () => {
  const points = [
    { x: 200, y: 60, top: 52, bottom: 70, width: 80 },
    { x: 226, y: 52, top: 40, bottom: 62, width: 60 },
  ];
  for (const [index, { x, y, anchor }] of labelPlaces(points, chart).entries()) {
    const width = points[index]?.width ?? 0;
    const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2;
    const across = points.filter(
      (point) => left < point.x && point.x < left + width && y - 10 < point.bottom && point.top < y,
    );
    expect(across).toEqual([]);
  }
});

test('a label keeps off the line that joins points, where it can', () => {
  const points = [
    { x: 100, y: 200, top: 195, bottom: 205, width: 80 },
    { x: 160, y: 140, top: 135, bottom: 145, width: 80 },
  ];
  expect(labelPlaces(points, chart)[0]).toMatchObject({ x: 100, anchor: 'middle', y: 188 });
  expect(labelPlaces(points, chart, points)[0]).toMatchObject({ x: 100, anchor: 'middle', y: 223.25 });
});

test('at the edge it stays within the chart', () => {
  expect(labelPlaces([point(480, 150)], chart)[0]).toMatchObject({ anchor: 'end' });
  expect(labelPlaces([point(100, 20)], chart)[0]?.y).toBeGreaterThan(20);
});

test('a label too long to stand over its point in a narrow chart stands at the edge, off the intervals', () => {
  const narrow = { left: 46, right: 330, top: 0, bottom: 300 };
  const points = [
    { x: 145, y: 225, top: 210, bottom: 240, width: 165 },
    { x: 219, y: 220, top: 150, bottom: 290, width: 90 },
  ];
  expect(labelPlaces(points, narrow)[0]).toEqual({ x: 46, y: 203, anchor: 'start' });
});
