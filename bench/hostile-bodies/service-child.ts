/**
 * The real service, with a clock on its event loop: the message `read` returns the longest block since the last one.
 */
import { readFileSync } from 'node:fs';

const tickMs = 5;
let last = performance.now();
let lastBusy = busyMs();
let hold = { wallMs: 0, busyMs: 0 };
let mostMemory = 0;

/**
 * Processor time of the main thread in ms, which other processes do not lengthen; 0 if the system does not provide it.
 */
function busyMs(): number {
  try {
    return Number(readFileSync('/proc/self/task/'.concat(`${process.pid}`, '/schedstat'), 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return 0;
  }
}

function look(): void {
  const [now, busy] = [performance.now(), busyMs()];
  hold = {
    wallMs: Math.max(hold.wallMs, now - last - tickMs),
    busyMs: Math.max(hold.busyMs, Math.min(busy - lastBusy, now - last)),
  };
  [last, lastBusy] = [now, busy];
  mostMemory = Math.max(mostMemory, process.memoryUsage.rss());
}

setInterval(look, tickMs).unref();
process.on('message', () => {
  look();
  process.send?.({ ...hold, rss: mostMemory });
  hold = { wallMs: 0, busyMs: 0 };
  mostMemory = 0;
});
process.on('disconnect', () => process.exit(0));
await import('../../src/server.ts');
