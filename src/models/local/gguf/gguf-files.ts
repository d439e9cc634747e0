import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { absolutePath, modelFault } from '../folder/model-files.ts';

/** The files of one GGUF model: one, or the parts of a split one in order. */
export type GgufFiles = { first: string; all: readonly string[]; bytes: number };

const ollamaPrefix = 'ollama:';
const partName = /-(\d{5})-of-(\d{5})\.gguf$/i;

/** True for what names a GGUF model: a file, a folder that has such files and no `config.json`, or `ollama:NAME`. */
export function isGguf(path: string): boolean {
  if (path.startsWith(ollamaPrefix) || /\.gguf$/i.test(path)) return true;
  const folder = absolutePath(path);
  return existsSync(folder) && statSync(folder).isDirectory() && ggufNames(folder).length > 0;
}

/** The id that a GGUF model gets by its name alone. */
export function ggufId(path: string): string {
  if (path.startsWith(ollamaPrefix)) {
    return path
      .slice(ollamaPrefix.length)
      .replace(/:latest$/, '')
      .replaceAll(':', '-');
  }
  return basename(path)
    .replace(partName, '')
    .replace(/\.gguf$/i, '');
}

/** @throws ServiceError `model_unavailable` that names the file or folder and what is missing */
export function ggufFiles(path: string): GgufFiles {
  const file = path.startsWith(ollamaPrefix) ? ollamaBlob(path.slice(ollamaPrefix.length)) : absolutePath(path);
  if (!existsSync(file)) throw modelFault(path, `there is no file ${file}`);
  const first = statSync(file).isDirectory() ? onlyFile(path, file) : file;
  const [, , count] = partName.exec(first) ?? [];
  const all = count === undefined ? [first] : partsOf(first, Number(count));
  const missing = all.find((each) => !existsSync(each));
  if (missing !== undefined) throw modelFault(path, `${missing} is missing: the model has ${all.length} parts`);
  return { first: all[0] ?? first, all, bytes: all.reduce((sum, each) => sum + statSync(each).size, 0) };
}

function partsOf(file: string, count: number): string[] {
  const start = file.replace(partName, '');
  const five = (number: number) => String(number).padStart(5, '0');
  return Array.from({ length: count }, (_, index) => `${start}-${five(index + 1)}-of-${five(count)}.gguf`);
}

/** Files of weights in a folder; none where its model is of another layout. `mmproj` files hold the part that sees. */
function ggufNames(folder: string): string[] {
  const names = readdirSync(folder);
  if (names.includes('config.json')) return [];
  return names.filter((name) => /\.gguf$/i.test(name) && !name.startsWith('mmproj')).sort();
}

function onlyFile(path: string, folder: string): string {
  const names = ggufNames(folder).filter((each) => Number(partName.exec(each)?.[1] ?? 1) === 1);
  const [name] = names;
  if (name === undefined) throw modelFault(path, `there is no .gguf file in ${folder}`);
  if (names.length > 1) throw modelFault(path, `${folder} has several models; name one: ${names.join(', ')}`);
  return join(folder, name);
}

const Manifest = z.object({
  layers: z.array(z.object({ mediaType: z.string(), digest: z.string(), size: z.number() })),
});

/** Where Ollama keeps its models on this machine. */
export function ollamaFolders(home = homedir()): string[] {
  const own = process.env['OLLAMA_MODELS'];
  const usual = [join(home, '.ollama', 'models'), '/usr/share/ollama/.ollama/models'];
  return (own ? [own] : usual).filter((folder) => existsSync(folder));
}

/** The weights of a model that Ollama has fetched (`qwen3:0.6b`, `hf.co/owner/name:Q4_K_M`). Only read. */
function ollamaBlob(name: string): string {
  const [, place = '', tag = 'latest'] = /^(.*?)(?::([^:/]+))?$/.exec(name) ?? [];
  const parts = place.split('/');
  if (![...parts, tag].every((part) => /^[\w-][\w.-]*$/.test(part))) {
    throw modelFault(`${ollamaPrefix}${name}`, 'this is not a name of an Ollama model, such as ollama:qwen3:0.6b');
  }
  const whole = parts.length === 1 ? ['library', ...parts] : parts;
  const path = join(whole.length === 2 ? 'registry.ollama.ai' : '', ...whole, tag);
  for (const folder of ollamaFolders()) {
    const manifest = join(folder, 'manifests', path);
    if (existsSync(manifest)) return blobOf(folder, manifest);
  }
  throw modelFault(
    `${ollamaPrefix}${name}`,
    `Ollama has no such model on this machine; \`ollama pull ${name}\` fetches it`,
  );
}

/** @throws ServiceError where the manifest names no weights, or more than weights */
function blobOf(folder: string, manifest: string): string {
  let layers: z.output<typeof Manifest>['layers'];
  try {
    layers = Manifest.parse(JSON.parse(readFileSync(manifest, 'utf8'))).layers;
  } catch (error) {
    throw modelFault(manifest, 'Ollama’s manifest can’t be read', error);
  }
  const layerOf = (kind: string) =>
    layers.find(({ mediaType }) => mediaType === `application/vnd.ollama.image.${kind}`);
  if (layerOf('adapter') !== undefined) {
    throw modelFault(manifest, 'it has an adapter, without which its weights are another model; use it through Ollama');
  }
  const weights = layerOf('model');
  const digest = /^sha256:([0-9a-f]{64})$/.exec(weights?.digest ?? '')?.[1];
  if (digest === undefined) throw modelFault(manifest, 'Ollama’s manifest names no weights');
  return join(folder, 'blobs', `sha256-${digest}`);
}
