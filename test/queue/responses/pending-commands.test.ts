import { describe, expect, test } from 'vitest';
import { createPendingCommands } from '../../../src/queue/responses/pending-commands.ts';

describe('commands before their lease', () => {
  test('are given once, in order, to the job that they are for', () => {
    const pending = createPendingCommands(() => 0);
    pending.keep('a', 'answer_now');
    pending.keep('b', 'cancel');
    pending.keep('a', 'cancel');
    expect(pending.take('a')).toEqual(['answer_now', 'cancel']);
    expect(pending.take('a')).toEqual([]);
    expect(pending.take('c')).toEqual([]);
  });

  test('are forgotten after a while, and never pile up', () => {
    let now = 0;
    const pending = createPendingCommands(() => now);
    pending.keep('old', 'cancel');
    now = 1_001;
    expect(pending.take('old')).toEqual([]);
    for (let count = 0; count <= 1_000; count += 1) pending.keep(`job${count}`, 'cancel');
    expect(pending.take('job0')).toEqual([]);
    expect(pending.take('job1')).toEqual(['cancel']);
  });
});
