import { describe, expect, test } from 'vitest';
import { createEarlyCommands } from '../../../src/queue/responses/early-commands.ts';

describe('commands before their lease', () => {
  test('are given once, in order, to the job that they are for', () => {
    const early = createEarlyCommands(() => 0);
    early.keep('a', 'answer_now');
    early.keep('b', 'cancel');
    early.keep('a', 'cancel');
    expect(early.take('a')).toEqual(['answer_now', 'cancel']);
    expect(early.take('a')).toEqual([]);
    expect(early.take('c')).toEqual([]);
  });

  test('are forgotten after a while, and never pile up', () => {
    let now = 0;
    const early = createEarlyCommands(() => now);
    early.keep('old', 'cancel');
    now = 1_001;
    expect(early.take('old')).toEqual([]);
    for (let count = 0; count <= 1_000; count += 1) early.keep(`job${count}`, 'cancel');
    expect(early.take('job0')).toEqual([]);
    expect(early.take('job1')).toEqual(['cancel']);
  });
});
