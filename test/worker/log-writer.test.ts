import { describe, expect, it } from 'vitest';
import type { LogLine } from '../../src/contracts/responses/job.ts';
import { createLogWriter } from '../../src/worker/log-writer.ts';

const line = (number: number): LogLine => ({ stream: 'wire', number, data: {} });

describe('log writer', () => {
  it('appends in order, lines of one turn together, one append at a time', async () => {
    const appended: number[][] = [];
    let running = 0;
    const writer = createLogWriter({
      earlier: [line(0)],
      append: async (lines) => {
        running += 1;
        expect(running).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        appended.push(lines.map(({ number }) => number));
        running -= 1;
      },
    });
    await writer.write([line(1)]);
    await writer.write([line(2), line(3)]);
    await writer.flush();
    await writer.write([line(4)]);
    await writer.flush();
    expect(appended).toEqual([[1, 2, 3], [4]]);
    expect(writer.lines().map(({ number }) => number)).toEqual([0, 1, 2, 3, 4]);
  });

  it('tells of a failed append at the next write and at every flush, and appends no more', async () => {
    let calls = 0;
    const writer = createLogWriter({
      earlier: [],
      append: async () => {
        calls += 1;
        throw new Error('lost');
      },
    });
    await writer.write([line(0)]);
    await expect(writer.flush()).rejects.toThrow('lost');
    await expect(writer.write([line(1)])).rejects.toThrow('lost');
    await expect(writer.flush()).rejects.toThrow('lost');
    expect(calls).toBe(1);
    expect(writer.lines()).toEqual([]);
  });
});
