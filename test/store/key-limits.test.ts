import { createRequestLimiter } from '../../src/store/request-limiter.ts';
import { createUsageLedger } from '../../src/store/usage-ledger.ts';
import { keyLimitsSuite } from '../suites/key-limits.suite.ts';
import { createMemoryRecords } from '../support/memory-records.ts';

keyLimitsSuite('records', async () => {
  const records = createMemoryRecords();
  return [
    {
      requestLimiter: createRequestLimiter(),
      ledger: createUsageLedger({ change: records.update, now: Date.now }),
    },
  ];
});
