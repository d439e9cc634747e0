import { availableParallelism, freemem, totalmem } from 'node:os';
import { defaultThreads } from '../../models/config/default-threads.ts';
import { doubtful, type Finding, faulty, well } from './finding.ts';

const again = 'Install again on this machine: rm -rf node_modules && npm ci';

/** Whether the native parts load here: onnxruntime, koffi, the lock of the data folder. */
export async function nativeFindings(): Promise<Finding[]> {
  return [
    await loads('onnxruntime', async () => {
      const runtime = await import('onnxruntime-node');
      return well(
        'onnxruntime',
        `loads, with ${runtime
          .listSupportedBackends()
          .map(({ name }) => name)
          .join(', ')}`,
      );
    }),
    await loads('decoder', async () => {
      const { openNativeRuntime } = await import('../../models/local/graph/native-runtime.ts');
      if ((await openNativeRuntime()) !== undefined)
        return well('decoder', 'koffi loads and finds onnxruntime’s C API');
      const slower = 'Answers are about two times slower, because there is no library for this platform.';
      return doubtful('decoder', 'no C API of onnxruntime is found', slower);
    }),
  ];
}

async function loads(name: string, look: () => Promise<Finding>): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error);
    return faulty(name, `does not load: ${reason}`, again);
  }
}

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
    return faulty('memory', detail, 'The embedded model needs 1 GB. Give the machine or container more memory.');
  }
  if (free < wantedFree) {
    return doubtful(
      'memory',
      detail,
      'The service with the embedded model takes about 800 MB: stop other programs, or the machine may swap.',
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
