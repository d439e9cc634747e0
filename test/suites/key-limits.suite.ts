import { describe, expect, test } from 'vitest';
import type { RequestLimiter } from '../../src/store/request-limiter.ts';
import type { UsageLedger } from '../../src/store/usage-ledger.ts';

const limits = { concurrent_responses: null, tokens_per_day: 1_000 };

/** What counts keys' limits. `open` gives what two processes see, which is one and the same where there is only one. */
export function keyLimitsSuite(
  name: string,
  open: () => Promise<Array<{ requestLimiter: RequestLimiter; ledger: UsageLedger }>>,
): void {
  describe(`limits of keys: ${name}`, () => {
    test('requests of all processes count together', async () => {
      const processes = await open();
      const taken = [];
      for (let count = 0; count < 6; count += 1) {
        const one = processes[count % processes.length];
        taken.push(await one?.requestLimiter.take('key_rate', 4));
      }
      expect(taken.map((window) => window?.allowed)).toEqual([true, true, true, true, false, false]);
      expect(taken.map((window) => window?.remaining)).toEqual([3, 2, 1, 0, 0, 0]);
      expect(taken[5]?.resetMs).toBeGreaterThan(0);
      expect(taken[5]?.resetMs).toBeLessThanOrEqual(60_000);
      expect(await processes[0]?.requestLimiter.take('key_other', 4)).toMatchObject({ allowed: true, remaining: 3 });
    });

    test('reservations side by side never exceed the quota', async () => {
      const processes = await open();
      const outcomes = await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          processes[index % processes.length]?.ledger.reserve(
            'key_many',
            { id: `resp_${index}`, tokens: 100, batch: false },
            limits,
          ),
        ),
      );
      expect(outcomes.filter((outcome) => outcome?.type === 'reserved')).toHaveLength(10);
      expect(outcomes.filter((outcome) => outcome?.type === 'over_quota')).toHaveLength(30);
      const open_ = [...((await processes[0]?.ledger.open('key_many')) ?? [])];
      expect(open_).toHaveLength(10);
      await Promise.all(
        open_.map(([id], index) => processes[index % processes.length]?.ledger.settle('key_many', id, 10)),
      );
      const next = await processes
        .at(-1)
        ?.ledger.reserve('key_many', { id: 'resp_x', tokens: 900, batch: false }, limits);
      expect(next).toEqual({ type: 'reserved', tokensLeft: 0 });
    });
  });
}
