import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { thinkfirst } from '../../src/models/families/thinkfirst.ts';
import { loadModelFolder } from '../../src/models/local/folder/model-folder.ts';
import { ggufFiles, isGguf } from '../../src/models/local/gguf/gguf-files.ts';
import { createLocalModel } from '../../src/models/local/local-model.ts';
import { collectSamples } from '../calibration/collect-samples.ts';

/** Hashes of a model's files, with which `thinkfirst doctor` detects a damaged one. */
const sums = 'SHA256SUMS';
const card = 'README.md';
/** Files that the service derives from the weights and writes next to them. */
const derived = /\.kv\d+\.json$/;
/** The files of a folder in this layout. */
const layout = ['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json', card] as const;

/**
 * Whether a folder can be the embedded model: its layout, the exact strings of the family, that its weights load and
 * think, and that its configuration says whether to compute values.
 * @throws Error that says what is missing or different
 */
export async function checkModelFolder(folder: string, options: { threads: number }): Promise<{ computes: boolean }> {
  const files = await filesOf(folder);
  const missing = layout.filter((name) => !files.includes(name));
  if (missing.length > 0) throw new Error(`${folder} lacks ${missing.join(', ')}`);
  if (!files.includes('onnx/model_q4.onnx')) throw new Error(`${folder} lacks onnx/model_q4.onnx`);
  const model = await loadModelFolder(folder);
  if (model.family.name !== thinkfirst.name) {
    throw new Error(
      `${folder} is taken for the family ${model.family.name}; its chat template isn't that of ${thinkfirst.name}`,
    );
  }
  const about = await readFile(join(folder, card), 'utf8');
  const strings = [thinkfirst.handOver, thinkfirst.promptSuffix?.on, thinkfirst.promptSuffix?.off];
  const unsaid = strings.flatMap((text) => text?.trim().split('\n') ?? []).filter((line) => !about.includes(line));
  if (unsaid.length > 0) throw new Error(`${card} of ${folder} names other strings: it lacks ${unsaid.join(' | ')}`);
  const settings = z
    .looseObject({ thinkfirst_compute: z.string().optional() })
    .parse(JSON.parse(await readFile(join(folder, 'generation_config.json'), 'utf8')));
  const local = await createLocalModel(folder, { ...options, kvMegabytes: 256, kvBits: 32, now: Date.now, warn: fail });
  try {
    const [sample] = await collectSamples(local, {
      prompt: { messages: [{ role: 'user', content: 'What is 2 + 3?' }] },
      samples: 1,
      thinking: { budgetTokens: 64 },
      answer: { maxTokens: 32 },
      sampling: { temperature: 0 },
      deterministic: false,
    });
    if (sample === undefined || sample.thinkingTokens === 0 || sample.answer.trim() === '') {
      throw new Error(`${folder} loads, but it gave no thought or no answer to "What is 2 + 3?"`);
    }
  } finally {
    await local.close();
  }
  return { computes: settings.thinkfirst_compute !== undefined };
}

function fail(message: string): never {
  throw new Error(message);
}

/**
 * SHA-256 over names and contents of all files, except those that are derived or created when the model is taken in.
 * @param folder or a GGUF file, with its other parts
 */
export async function weightsHash(folder: string): Promise<string> {
  const hash = createHash('sha256');
  if (isGguf(folder)) {
    for (const part of ggufFiles(folder).all) hash.update(`${basename(part)} ${await sha256(part)}\n`);
    return hash.digest('hex');
  }
  for (const name of (await filesOf(folder)).filter((file) => file !== sums && file !== card)) {
    hash.update(`${name} ${await sha256(join(folder, name))}\n`);
  }
  return hash.digest('hex');
}

/**
 * Copies the files of `source` to `target`, removes all others, and writes their hashes to `SHA256SUMS`. Each file is
 * replaced in one step, and the hashes come last: after an interruption the same call finishes the work.
 */
export async function copyModelFolder(source: string, target: string): Promise<void> {
  const wanted = (await filesOf(source)).filter((name) => name !== sums);
  await rm(join(target, sums), { force: true });
  const lines: string[] = [];
  for (const name of wanted) {
    const [from, to] = [join(source, name), join(target, name)];
    const hash = await sha256(from);
    if ((await sha256(to).catch(() => '')) !== hash) {
      await mkdir(dirname(to), { recursive: true });
      await copyFile(from, `${to}.part`);
      await rename(`${to}.part`, to);
    }
    if (name !== card) lines.push(`${hash}  ${name}\n`);
  }
  const extra = (await readdir(target, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  for (const entry of extra) {
    const path = join(entry.parentPath, entry.name);
    if (!wanted.includes(relative(target, path))) await rm(path);
  }
  await writeFile(join(target, sums), lines.join(''));
}

/** Sorted paths within the folder, without derived files. */
async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  return files.filter((name) => !derived.test(name)).sort();
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
