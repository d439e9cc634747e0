import { z } from 'zod';
import { openOurs, promptOf, requestOf, timed } from '../decode/ours.ts';

/** Decodes one row after the other for the time that a message asks for, and answers with tokens/s. */
const opening = openOurs(64);
let salt = process.pid;

process.on('message', async (message) => {
  const { ms } = z.object({ ms: z.number() }).parse(message);
  const ours = await opening;
  const startedAt = performance.now();
  let tokens = 0;
  while (performance.now() - startedAt < ms) {
    salt += 1;
    tokens += (await timed(ours, requestOf(ours, promptOf(40, salt), 64))).tokens;
  }
  process.send?.((tokens * 1000) / (performance.now() - startedAt));
});
process.on('disconnect', () => process.exit(0));
