import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * The TypeScript sources as JavaScript, for a plain Node. Loading 500 sources through a TypeScript loader takes seconds of
 * processor time at each start; esbuild makes one piece of them in half a second, once for each state of the sources.
 * Plain JavaScript, since it runs before any TypeScript can.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The folder that this code runs from: of a compiled copy, its state of the sources. Read without naming `import.meta.url`,
 * which compiling replaces by the source's address.
 */
const { url: ownUrl } = import.meta;
const ownFolder = fileURLToPath(new URL('.', ownUrl));

/** What a process of the product starts with. Compiled together, they share what they have in common. */
export const entries = [
  'src/server.ts',
  'src/cli/main.ts',
  'workers/reasoning.ts',
  'workers/inference.ts',
  'src/grammar/constraint-thread.ts',
  'eval/run.ts',
  'eval/calibrate.ts',
];

/** Built by `prepack`, for the package and the image, which have no bundler. */
export const packedFolder = join(root, 'packed', 'compiled');
/** Compiled states of the sources. */
const cacheFolder = join(root, 'node_modules', '.cache', 'thinkfirst');
/** A process that has run for long may still load more of its state. ms */
const unusedFor = 14 * 86_400_000;

/** Builds under way: esbuild's own process serves them all, and ends with the last one. */
let building = 0;
/** Under way or done in this process, by the entries' common key. */
const states = new Map();

/**
 * The address of an entry's JavaScript, compiled if need be.
 * @param {string | URL} entry a path, from the root, or an address
 * @returns {Promise<URL>}
 * @throws Error what esbuild can't read or resolve, with its file and line
 */
export async function compiled(entry) {
  const path = entry instanceof URL ? fileURLToPath(entry) : resolve(root, entry);
  const name = fromRoot(path);
  const file = `${outputName(name)}.mjs`;
  // What a compiled process starts is of its own state, although the sources may have changed since.
  const own = join(ownFolder, file);
  if (existsSync(own)) return pathToFileURL(own);
  // Only a checkout has a tsconfig.json. There, what a `prepack` left behind may be older than the sources.
  const folder = existsSync(join(root, 'tsconfig.json'))
    ? await stateFolder(entries.includes(name) ? entries : [path])
    : packedFolder;
  return pathToFileURL(join(folder, file));
}

/** @param {readonly string[]} inputs */
function stateFolder(inputs) {
  const key = stateOf(inputs);
  const known = states.get(key);
  if (known) return known;
  const made = cachedState(inputs, join(cacheFolder, key));
  states.set(key, made);
  // A fault in a source can be mended while the process runs.
  made.catch(() => states.delete(key));
  return made;
}

async function cachedState(inputs, folder) {
  if (existsSync(folder)) {
    await utimes(folder, new Date(), new Date()).catch(() => {});
    return folder;
  }
  const draft = await openDraft();
  try {
    await compile(inputs, draft);
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another process was first.
    if (!existsSync(folder)) throw error;
  }
  await removeOldStates();
  return folder;
}

async function openDraft() {
  try {
    await mkdir(cacheFolder, { recursive: true });
    return await mkdtemp(join(cacheFolder, 'draft-'));
  } catch (error) {
    throw new Error(`The compiled sources are kept in ${cacheFolder}, which can't be written (${error.code}).`);
  }
}

async function removeOldStates() {
  for (const name of await readdir(cacheFolder)) {
    const path = join(cacheFolder, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > unusedFor) await rm(path, { recursive: true, force: true });
  }
}

/** Names the state that the sources are in, by their sizes and times: reading them all would take as long as compiling. */
function stateOf(inputs) {
  const hash = createHash('sha256').update(JSON.stringify(inputs));
  const folders = new Set(['src', 'workers', ...inputs.map(folderOf)].map((name) => join(root, name)));
  for (const folder of folders) {
    for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!/\.(m?ts|mjs|json)$/.test(file.name) || !file.isFile()) continue;
      const path = join(file.parentPath ?? file.path, file.name);
      const { size, mtimeMs } = statSync(path);
      hash.update(`${path}:${size}:${mtimeMs}\n`);
    }
  }
  return hash.digest('hex').slice(0, 24);
}

/** The folder at the root that an entry is in; of one that lies elsewhere, its own. */
function folderOf(input) {
  const path = fromRoot(resolve(root, input));
  return path.startsWith('..') ? join(path, '..') : (path.split('/')[0] ?? '.');
}

function fromRoot(path) {
  return posixPath(root, path);
}

function posixPath(from, to) {
  return relative(from, to).split(sep).join('/');
}

/** Flat, so that all pieces are as far from the root. */
function outputName(name) {
  return name.replace(/\.ts$/, '').replaceAll(/[^\w-]+/g, '-');
}

/**
 * Compiles entries into a folder: packages stay imports by name, `import.meta.url` stays each source's own address, and
 * what is imported dynamically stays a piece of its own, loaded when it is needed.
 * @param {readonly string[]} inputs
 * @param {string} folder
 */
export async function compile(inputs, folder) {
  // Loaded here: most starts need no bundler.
  const { build, stop } = await import('esbuild');
  const paths = inputs.map((input) => resolve(root, input));
  building += 1;
  try {
    await build({
      entryPoints: paths.map((path) => ({ in: path, out: outputName(fromRoot(path)) })),
      outdir: folder,
      bundle: true,
      splitting: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      packages: 'external',
      // No tsconfig.json of the folder that this happens to lie in.
      tsconfigRaw: {},
      sourcemap: 'linked',
      sourcesContent: false,
      outExtension: { '.js': '.mjs' },
      chunkNames: 'part-[hash]',
      logLevel: 'silent',
      // The package lies elsewhere when it runs: addresses are found from where the piece is.
      banner: { js: `const sourceRoot = new URL(${JSON.stringify(`${posixPath(folder, root)}/`)}, ${ownAddress});` },
      plugins: [ownAddresses],
    });
  } finally {
    building -= 1;
    if (building === 0) await stop();
  }
}

/** In two parts, so that a compiled copy of this file still has it: that copy compiles what a compiled process starts. */
const ownAddress = ['import.meta', 'url'].join('.');

const ownAddresses = {
  name: 'own addresses',
  setup(build) {
    build.onLoad({ filter: /\.(ts|mjs)$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const place = JSON.stringify(fromRoot(path));
      const contents = source.replaceAll(ownAddress, `new URL(${place}, sourceRoot).href`);
      return { loader: path.endsWith('.ts') ? 'ts' : 'js', contents };
    });
  },
};
