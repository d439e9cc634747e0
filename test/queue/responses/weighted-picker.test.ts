import { describe, expect, test } from 'vitest';
import { createWeightedPicker } from '../../../src/queue/responses/weighted-picker.ts';

describe('createWeightedPicker', () => {
  const queues = [
    { name: 'heavy', weight: 3 },
    { name: 'light', weight: 1 },
  ];
  const take = (picker: ReturnType<typeof createWeightedPicker>, count: number) =>
    Array.from({ length: count }, () => {
      const name = picker.next() ?? 'none';
      picker.took(name);
      return name;
    });

  test('gives each its share, evenly spread', () => {
    expect(take(createWeightedPicker(queues), 8).filter((name) => name === 'light')).toHaveLength(2);
  });

  test('leaves out what is empty, and ends when all are', () => {
    const picker = createWeightedPicker(queues);
    picker.empty('heavy');
    expect(take(picker, 3)).toEqual(['light', 'light', 'light']);
    picker.empty('light');
    expect(picker.next()).toBeUndefined();
  });

  test('lets one that was empty save nothing up', () => {
    const picker = createWeightedPicker(queues);
    picker.empty('light');
    take(picker, 300);
    picker.ready('light');
    expect(take(picker, 8).filter((name) => name === 'light').length).toBeLessThanOrEqual(3);
  });
});
