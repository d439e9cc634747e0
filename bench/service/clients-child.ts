/** Many event streams in one process: opens what its parent asks for, and reports how many were dropped once all ended. */
import { z } from 'zod';
import { gapless, newRead, OpenStreams, readStream } from './streams.ts';

const reads: ReturnType<typeof readStream>[] = [];

process.on('message', (message) => {
  const asked = z.union([z.literal('dropped'), OpenStreams]).parse(message);
  if (asked === 'dropped') {
    Promise.all(reads).then((ended) => {
      const value = ended.filter(({ ended, numbers }) => !ended || !gapless(numbers)).length;
      process.send?.({ value });
    });
    return;
  }
  const { url, body, count } = asked;
  for (let opened = 0; opened < count; opened += 1) reads.push(readStream(url, { body, read: newRead() }));
});
process.on('disconnect', () => process.exit(0));
