import { existsSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { ServiceError } from '../../../contracts/service/service-error.ts';

/** Weights that can be loaded, best on a CPU first: 4-bit, 8-bit, full, half (slow without a GPU, and its caches are not the decoder's). */
const dtypes = [
  { dtype: 'q4', suffix: '_q4' },
  { dtype: 'q8', suffix: '_quantized' },
  { dtype: 'q8', suffix: '_q8' },
  { dtype: 'int8', suffix: '_int8' },
  { dtype: 'uint8', suffix: '_uint8' },
  { dtype: 'fp32', suffix: '' },
  { dtype: 'q4f16', suffix: '_q4f16' },
  { dtype: 'bnb4', suffix: '_bnb4' },
  { dtype: 'fp16', suffix: '_fp16' },
] as const;

export type Dtype = (typeof dtypes)[number]['dtype'];

/** As a message lists them. */
export const weightNames = dtypes.map(({ suffix }) => `model${suffix}.onnx`).join(', ');

/** Where exports put them: transformers.js's in a folder of their own, others beside config.json. */
const places = ['onnx/', ''] as const;

/** The graph's file and those of its weights where they are apart (`.onnx_data`, `.onnx_data_1` …), as paths in the model's folder. */
export type WeightFiles = { graph: string; data: string[]; dtype: Dtype };

/**
 * The weights to use of a model's files. `preferred` is config.json's `transformers.js_config.dtype`; one in 16 bits is
 * taken only where there is no other.
 */
export function chooseWeights(files: readonly string[], preferred?: unknown): WeightFiles | undefined {
  const found = places.flatMap((place) =>
    dtypes
      .map(({ dtype, suffix }) => ({ dtype, graph: `${place}model${suffix}.onnx` }))
      .filter(({ graph }) => files.includes(graph)),
  );
  const chosen = found.find(({ dtype }) => dtype === preferred && !isHalf(dtype)) ?? found[0];
  return (
    chosen && {
      ...chosen,
      data: files.filter(
        (file) => file.startsWith(chosen.graph) && /^[_.]data(_\d+)?$/.test(file.slice(chosen.graph.length)),
      ),
    }
  );
}

/** Keys and values are in 16 bits too. */
export function isHalf(dtype: Dtype): boolean {
  return dtype === 'fp16' || dtype === 'q4f16';
}

/** A folder of this machine with a model in it. */
export const ModelSource = z.object({
  id: z.string(),
  path: z.string(),
  family: z.string().exactOptional(),
  /** False: another process runs it; its weights need not be here. */
  weights: z.boolean().exactOptional(),
  /** For a GGUF model: how many sequences it decodes together, if calibration found out. */
  sequences: z.int().positive().exactOptional(),
});
export type ModelSource = z.infer<typeof ModelSource>;

/** A folder by its path alone; its name is the model's id. */
export function modelSource(path: string): ModelSource {
  return { id: basename(absolutePath(path.trim())), path: absolutePath(path.trim()) };
}

/** From the working folder; `~/` is the home folder. */
export function absolutePath(path: string): string {
  return resolve(/^~[/\\]/.test(path) ? join(homedir(), path.slice(2)) : path);
}

/** The ONNX file that is used of a folder, and the size of it with its weights; undefined where there is none. */
export function onnxFile(
  folder: string,
  preferred?: unknown,
): { path: string; dtype: Dtype; bytes: number; graph: string; data: number } | undefined {
  const files = places.flatMap((place) =>
    existsSync(join(folder, place)) ? readdirSync(join(folder, place)).map((name) => `${place}${name}`) : [],
  );
  const chosen = chooseWeights(files, preferred);
  if (chosen === undefined) return undefined;
  const { graph, data, dtype } = chosen;
  const bytes = [graph, ...data].reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
  return { path: join(folder, graph), dtype, bytes, graph, data: data.length };
}

/** The one error of a model that can't be loaded: a line that names it and says what is wrong. */
export function modelFault(name: string, reason: string, cause?: unknown): ServiceError {
  return new ServiceError({
    code: 'model_unavailable',
    message: `The model ${name} cannot be loaded: ${reason}.`,
    retryable: false,
    cause,
  });
}
