import { createStorage } from 'unstorage';
import { createRequestLimiter } from '../../src/store/request-limiter.ts';
import { createUnstorageRecords } from '../../src/store/unstorage-records.ts';
import { createUsageLedger } from '../../src/store/usage-ledger.ts';
import { keyLimitsSuite } from '../suites/key-limits.suite.ts';

keyLimitsSuite('records', async () => {
  const records = createUnstorageRecords(createStorage());
  return [
    {
      requestLimiter: createRequestLimiter(),
      ledger: createUsageLedger({ change: records.update, now: Date.now }),
    },
  ];
});
