import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Decoding is bound by memory: more than four threads gain little and take cores from the rest of the service. */
const most = 4;

/** Threads to compute with unless the configuration says: the physical cores that this process may use, four at most. */
export function defaultThreads(): number {
  return Math.max(1, Math.min(most, availableParallelism(), physicalCores() ?? most));
}

/** Logical processors that share a core, on Linux; elsewhere undefined. */
function physicalCores(): number | undefined {
  const file = '/proc/cpuinfo';
  if (!existsSync(file)) return undefined;
  const cores = new Set<string>();
  for (const processor of readFileSync(file, 'utf8').split(/\n\n+/)) {
    const socket = /^physical id\s*:\s*(\d+)$/m.exec(processor)?.[1];
    const core = /^core id\s*:\s*(\d+)$/m.exec(processor)?.[1];
    if (socket !== undefined && core !== undefined) cores.add(`${socket}:${core}`);
  }
  return cores.size > 0 ? cores.size : undefined;
}
