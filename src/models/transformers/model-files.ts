import { existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { ServiceError } from '../../contracts/service-error.ts';

/** Weights that transformers.js can load, best on a CPU first: 4-bit, 8-bit, full, half (slow without a GPU). */
const dtypes = [
  { dtype: 'q4', suffix: '_q4' },
  { dtype: 'q8', suffix: '_quantized' },
  { dtype: 'int8', suffix: '_int8' },
  { dtype: 'uint8', suffix: '_uint8' },
  { dtype: 'fp32', suffix: '' },
  { dtype: 'q4f16', suffix: '_q4f16' },
  { dtype: 'bnb4', suffix: '_bnb4' },
  { dtype: 'fp16', suffix: '_fp16' },
] as const;

export type Dtype = (typeof dtypes)[number]['dtype'];

/** A model as the configuration names it: a folder of this machine, or a name on the Hugging Face hub. */
export type ModelSource =
  | { kind: 'folder'; id: string; path: string; family?: string }
  | { kind: 'hub'; id: string; name: string; family?: string };

/**
 * `./models/x`, an absolute path, any path that exists, or one whose first part exists: a folder. `hf:org/name`, or any
 * other `org/name`: a hub model. Its id is the last part of the path, or the hub name whole.
 * @throws ServiceError `model_unavailable` for what is neither
 */
export function modelSource(named: string): ModelSource {
  const name = named.trim();
  if (name.startsWith('hf:')) return { kind: 'hub', id: name.slice(3), name: name.slice(3) };
  const path = absolutePath(name);
  const [first = ''] = name.split(/[\\/]/);
  const looksLikePath = /^([.~/\\]|[A-Za-z]:)/.test(name) || existsSync(path) || existsSync(resolve(first));
  if (looksLikePath) return { kind: 'folder', id: basename(path), path };
  if (/^[\w.-]+\/[\w.-]+$/.test(name)) return { kind: 'hub', id: name, name };
  throw modelFault(name, 'it is neither an existing folder nor a hub name like org/name');
}

/** The same with its path made absolute; `~/` is the home folder. */
export function resolvedSource(source: ModelSource): ModelSource {
  return source.kind === 'folder' ? { ...source, path: absolutePath(source.path) } : source;
}

/** From the working folder; `~/` is the home folder. */
export function absolutePath(path: string): string {
  return resolve(/^~[/\\]/.test(path) ? join(homedir(), path.slice(2)) : path);
}

/** The ONNX file that is used of a folder in transformers.js's layout. `preferred` is config.json's `transformers.js_config.dtype`. */
export function onnxFile(
  folder: string,
  preferred?: unknown,
): { path: string; dtype: Dtype; bytes: number } | undefined {
  const found = dtypes
    .map(({ dtype, suffix }) => ({ dtype, path: join(folder, 'onnx', `model${suffix}.onnx`) }))
    .filter(({ path }) => existsSync(path));
  const chosen = found.find(({ dtype }) => dtype === preferred) ?? found[0];
  return chosen && { ...chosen, bytes: statSync(chosen.path).size };
}

/** The best on a CPU of those that a hub model offers. */
export function bestDtype(offered: readonly string[]): Dtype | undefined {
  return dtypes.find(({ dtype }) => offered.includes(dtype))?.dtype;
}

/** The one error of a model that can't be loaded: a line that names it and says what is wrong. */
export function modelFault(name: string, reason: string, cause?: unknown): ServiceError {
  return new ServiceError({
    code: 'model_unavailable',
    message: `The model ${name} can't be loaded: ${reason}.`,
    retryable: false,
    cause,
  });
}
