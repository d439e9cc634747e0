/** A process that writes one record again and again, for tests that kill it: `FOLDER`. */
import { createFileRecords } from '../../src/store/file-records.ts';

const records = createFileRecords(process.argv[2] ?? '');
for (let round = 0; ; round += 1) {
  await records.set('files:large', { round, text: 'x'.repeat(20_000_000) });
  if (round === 0) process.stdout.write('written\n');
}
