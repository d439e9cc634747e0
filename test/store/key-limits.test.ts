import { createStorage } from 'unstorage';
import { createUnstorageRecords } from '../../src/store/file-records.ts';
import { createRequestLimiter } from '../../src/store/request-limiter.ts';
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
