import { expect, test } from 'vitest';
import { createDeliveryPlaces } from '../../../src/queue/webhooks/delivery-places.ts';

const open = (now = () => 0) => createDeliveryPlaces<string>({ total: 8, ofKey: 3, now });

/** How many places each gets that asks for ever. */
const taken = (places: ReturnType<typeof open>, keys: readonly string[]) =>
  keys.map((key) => {
    let count = 0;
    while (places.take(key)) count += 1;
    return count;
  });

test('a key gets its share, and never more than are free', () => {
  expect(taken(open(), ['a', 'b', 'c', 'd'])).toEqual([3, 3, 1, 1]);
});

test('where all places are taken, the one that is left goes to a key that has none', () => {
  const places = open();
  taken(places, ['a', 'b', 'c', 'd']);
  places.leave('a');
  expect([places.take('a'), places.take('e')]).toEqual([false, true]);
});

test('what was set aside is called back by its own key’s next end, the oldest first', () => {
  const places = open();
  taken(places, ['a', 'b']);
  for (const name of ['first', 'second']) places.setAside('a', name, 1);
  expect(places.leave('b')).toBeUndefined();
  expect([places.leave('a'), places.leave('a'), places.leave('a')]).toEqual(['first', 'second', undefined]);
});

test('what was set aside is called back as far as its key has room', () => {
  const places = open();
  for (const name of ['first', 'second', 'third', 'fourth']) places.setAside('a', name, 1);
  places.take('a');
  expect(places.recall()).toEqual(['first', 'second']);
});

test('what has come by itself is not called back', () => {
  let time = 0;
  const places = open(() => time);
  places.setAside('a', 'first', 1);
  places.setAside('a', 'second', 2);
  time = 1;
  expect(places.recall()).toEqual(['second']);
});
