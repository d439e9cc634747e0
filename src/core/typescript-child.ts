import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire, SourceMap } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';

/** Builds under way: esbuild's own process serves them all, and ends with the last one. */
let running = 0;

type EntryBundle = {
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

export type TypescriptChild = {
  /** Starts one, with an IPC channel. What it prints goes to standard error: on standard output it would mix with the parent's. */
  fork(): ChildProcess;
  /** A stack of such a child with the places in the sources. */
  locate(stack: string): string;
};

/** MB of V8's young generation: 16 is the default, of which a decoder that allocates little keeps 25 MB resident for nothing. */
const youngGeneration = '--max-semi-space-size=2';

/**
 * Makes ready to fork a TypeScript module in processes that must stay small: bundled once, read by each child from its
 * standard input, so that there is no file to keep, to find again or to clear away. Its source map stays here: in the child
 * it would take 10 MB. Where bundling fails, the child loads its sources itself (26 MB more), after one warning.
 */
export async function prepareTypescriptChild(options: {
  entry: URL;
  /** Its arguments; `ps` shows them too. */
  args: readonly string[];
  warn(reason: string): void;
}): Promise<TypescriptChild> {
  const { entry, args, warn } = options;
  const waitForBundle = () => {
    const child = spawnNode(['--input-type=module', '-', ...args]);
    // A child that dies before it has read everything says so by its exit.
    child.stdin?.on('error', () => {});
    return child;
  };
  // The first Node starts while the bundle is made: one after the other takes longer.
  let first: ChildProcess | undefined = waitForBundle();
  first.once('error', () => {});
  let bundle: EntryBundle;
  try {
    bundle = await bundleEntry(entry);
  } catch (error) {
    first.kill('SIGKILL');
    warn(String(error));
    // Resolved here, so that it doesn't hang on the working directory.
    const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    return {
      fork: () => spawnNode(['--import', tsx, fileURLToPath(entry), ...args]),
      locate: (stack) => stack,
    };
  }
  return {
    fork() {
      const child = first && isAlive(first) ? first : waitForBundle();
      first = undefined;
      child.stdin?.end(bundle.code);
      return child;
    },
    locate: (stack) => locate(stack, bundle.map),
  };
}

function isAlive({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null;
}

/** Node calls a module from standard input `[eval1]`, of the folder that it runs in. */
function locate(stack: string, mapText: string): string {
  const map = new SourceMap(JSON.parse(mapText));
  return stack.replace(/file:\S*\[eval1\]:(\d+):(\d+)/g, (unknown, line: string, column: string) => {
    const place = map.findEntry(Number(line) - 1, Number(column) - 1);
    if (!('originalSource' in place)) return unknown;
    return `/${place.originalSource}:${place.originalLine + 1}:${place.originalColumn + 1}`;
  });
}

function spawnNode(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [youngGeneration, ...args], { serialization: 'json', stdio: ['pipe', 2, 2, 'ipc'] });
}
