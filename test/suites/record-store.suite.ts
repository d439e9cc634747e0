import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RecordStore } from '../../src/core/record-store.ts';

/** What every store of small records does. `open` gives one that is empty; opening again gives what is kept. */
export function recordStoreSuite(name: string, open: () => Promise<RecordStore>): void {
  describe(`records: ${name}`, () => {
    let records: RecordStore;
    beforeAll(async () => {
      records = await open();
    });
    afterAll(() => records.close());

    test('gives back what was set, and nothing else', async () => {
      await records.set('conversations:conv_1', { text: 'ü 😀', list: [1, null] });
      expect(await records.get('conversations:conv_1')).toEqual({ text: 'ü 😀', list: [1, null] });
      expect(await records.get('conversations:conv_2')).toBeUndefined();
    });

    test('lists the keys under a prefix, whole words only', async () => {
      for (const key of ['feedback:a:1', 'feedback:b:2', 'feedback2:c', 'other:feedback:d']) await records.set(key, {});
      expect((await records.keys('feedback')).sort()).toEqual(['feedback:a:1', 'feedback:b:2']);
      expect(await records.keys('feedback:b')).toEqual(['feedback:b:2']);
      expect(await records.keys('none')).toEqual([]);
    });

    test('removes once', async () => {
      await records.set('conversations:gone', { a: 1 });
      expect(await records.remove('conversations:gone')).toBe(true);
      expect(await records.remove('conversations:gone')).toBe(false);
      expect(await records.get('conversations:gone')).toBeUndefined();
    });

    test('changes of one record made at the same time are all kept', async () => {
      const add = (n: number) =>
        records.update('conversations:many', (value) => [...(Array.isArray(value) ? value : []), n]);
      await Promise.all(Array.from({ length: 20 }, (_, n) => add(n)));
      expect(await records.get('conversations:many')).toEqual(Array.from({ length: 20 }, (_, n) => n));
    });

    test('a record that is removed or replaced during a change of it is not brought back by the change', async () => {
      for (const [key, during] of [
        ['conversations:removed', () => records.remove('conversations:removed')],
        ['conversations:replaced', () => records.set('conversations:replaced', { a: 3 })],
      ] as const) {
        await records.set(key, { a: 1 });
        let done: Promise<unknown> | undefined;
        await records.update(key, (value) => {
          done ??= during();
          return value === undefined ? undefined : { ...Object(value), b: 2 };
        });
        await done;
      }
      expect(await records.get('conversations:removed')).toBeUndefined();
      expect(await records.get('conversations:replaced')).toMatchObject({ a: 3 });
    });

    test('a change that fails leaves the record, and the next one is made', async () => {
      await records.set('conversations:kept', { a: 1 });
      const failing = records.update('conversations:kept', () => {
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      await records.update('conversations:kept', () => undefined);
      expect(await records.get('conversations:kept')).toEqual({ a: 1 });
    });
  });
}
