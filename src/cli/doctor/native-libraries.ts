import { doubtful, type Finding, faulty, well } from './finding.ts';

const again = 'Install again on this very machine: rm -rf node_modules && npm ci';

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
      const slower = 'Answers come, some two times slower: this platform has no library for it.';
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
