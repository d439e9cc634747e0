import { availableParallelism, freemem, totalmem } from 'node:os';
import { defaultThreads } from '../../models/config/default-threads.ts';
import { doubtful, type Finding, faulty, well } from './finding.ts';

const leastNode = 20;
/** Bytes: the service with the embedded model takes some 800 MB. */
const leastMemory = 1_000_000_000;
const wantedFree = 900_000_000;

/** Node, memory, cores. `threads`: as configured. */
export function machineFindings({ threads }: { threads: number | undefined }): Finding[] {
  return [nodeFinding(process.versions.node), memoryFinding(memoryBytes(), freemem()), coresFinding(threads)];
}

export function nodeFinding(version: string): Finding {
  const major = Number(version.split('.')[0]);
  const detail = `${version} on ${process.platform} ${process.arch}`;
  if (major >= leastNode) return well('Node', detail);
  return faulty('Node', `${detail} is too old`, `Install Node ${leastNode} or later: https://nodejs.org`);
}

/** Of the machine, or of the container where that has less. */
function memoryBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 && constrained < totalmem() ? constrained : totalmem();
}

export function memoryFinding(total: number, free: number): Finding {
  const detail = `${gigabytes(total)} in all, ${gigabytes(free)} free`;
  if (total < leastMemory) {
    return faulty('memory', detail, 'The embedded model needs 1 GB. Give the machine or the container more.');
  }
  if (free < wantedFree) {
    return doubtful(
      'memory',
      detail,
      'The service with the embedded model takes some 800 MB: stop something else, or it may swap.',
    );
  }
  return well('memory', detail);
}

function coresFinding(threads: number | undefined): Finding {
  const cores = availableParallelism();
  const used = threads ?? defaultThreads();
  const detail = `${cores} usable; ${used} ${used === 1 ? 'thread' : 'threads'} for the inference`;
  if (used > cores) {
    return doubtful(
      'cores',
      detail,
      `THINKFIRST_THREADS is above the cores, which is slower. Set it to ${cores} or less.`,
    );
  }
  if (cores < 2) return doubtful('cores', detail, 'It works on one core; two or more are twice as fast.');
  return well('cores', detail);
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
