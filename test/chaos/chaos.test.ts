import { describe, expect, test } from 'vitest';
import { redisMissing } from '../support/redis-server.ts';
import { runChaos } from './run-chaos.ts';

/** `npm run chaos` at a size that a gate can bear. The seed is fixed: what differs from run to run is the timing. */
const small = { kills: 6, minutes: 0.3, seed: 7, clients: 6, poisoned: 1, log: () => {} };

describe('the service, while parts of it are killed', () => {
  test.each(['redis', 'embedded'] as const)('ends each accepted response once, with one text (%s)', async (mode) => {
    if (mode === 'redis' && redisMissing()) return;
    const report = await runChaos({ ...small, mode });
    expect(report.faults).toEqual([]);
    expect(report).toMatchObject({ lost: 0, doubled: 0, rowsThoughtAgain: 0 });
    expect(report.accepted).toBeGreaterThan(6);
  });
});
