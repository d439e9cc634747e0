import { readFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';

/** Builds under way: esbuild's own process serves them all, and ends with the last one. */
let running = 0;

export type EntryBundle = {
  /** One JavaScript module, which can be run from anywhere: packages are imported by the address of their file. */
  code: string;
  /** Its source map, as JSON; the sources' paths begin at the root. */
  map: string;
};

/**
 * A TypeScript entry and all that it imports of this repository in one piece, for a Node without a TypeScript loader.
 * `import.meta.url` stays each source's own. A package that only some need must be imported where it is needed: a dynamic
 * import of a module of ours is part of the piece, and what that imports is loaded at once.
 * @throws Error what esbuild can't read or resolve
 */
export async function bundleEntry(entry: URL): Promise<EntryBundle> {
  // Loaded here: a process without local models needs no bundler.
  const { build, stop } = await import('esbuild');
  running += 1;
  try {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(entry)],
      bundle: true,
      write: false,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      // Node's own conditions and no more.
      conditions: [],
      // No tsconfig.json of the folder that this happens to lie in.
      tsconfigRaw: {},
      sourcemap: 'external',
      sourcesContent: false,
      outdir: '/',
      logLevel: 'silent',
      plugins: [ownAddresses, packagesByAddress],
    });
    const text = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
    return { code: text('.js'), map: text('.js.map') };
  } finally {
    running -= 1;
    if (running === 0) await stop();
  }
}

const ownAddresses: Plugin = {
  name: 'own addresses',
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const address = JSON.stringify(pathToFileURL(path).href);
      return { loader: 'ts', contents: source.replaceAll('import.meta.url', address) };
    });
  },
};

const packagesByAddress: Plugin = {
  name: 'packages by address',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, async ({ path, kind, resolveDir, pluginData }) => {
      if (kind === 'entry-point' || pluginData === asked) return;
      const found = await build.resolve(path, { kind, resolveDir, pluginData: asked });
      // Imported where it is needed, and may be absent where it isn't.
      if (found.errors.length > 0 && kind === 'dynamic-import') return { path, external: true };
      if (found.errors.length > 0) return { errors: found.errors };
      // Node's own modules are outside already.
      return { path: found.external ? found.path : pathToFileURL(found.path).href, external: true };
    });
  },
};
/** Marks the plugin's own question, which is not for the plugin. */
const asked = Symbol('asked');
