import { InferenceSession } from 'onnxruntime-node';
import { createDecoderModel, createFolderGrammar } from '../../src/models/local/decoder/decoder-model.ts';
import { loadModelFolder } from '../../src/models/local/folder/model-folder.ts';
import { threads } from '../decode/ours.ts';

/** Loads a model, or only its session, and reports the processor time of each part in ms. */
const [what, path = ''] = process.argv.slice(2);
const parts: Record<string, number> = {};

async function measured<T>(name: string, work: () => Promise<T> | T): Promise<T> {
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  parts[name] = Math.round((user + system) / 1000);
  return result;
}

if (what === 'session') {
  // The folder names the file; reading its tokenizer is not counted.
  const file = (await loadModelFolder(path)).onnx()?.path ?? '';
  await measured('session', () => InferenceSession.create(file, { intraOpNumThreads: threads }));
} else {
  const folder = await measured('tokenizer, template and configuration', () => loadModelFolder(path));
  const grammar = await measured('grammar', () => createFolderGrammar(folder));
  await measured('sessions, their proof and measurements', () =>
    createDecoderModel({
      folder,
      threads,
      kvMegabytes: 256,
      kvBits: 8,
      warn: (message) => console.error(message),
      now: Date.now,
      ...(grammar && { grammar }),
    }),
  );
}
process.send?.(parts, () => process.exit(0));
