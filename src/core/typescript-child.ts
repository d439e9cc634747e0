import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire, SourceMap } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleEntry, type EntryBundle } from './entry-bundle.ts';

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
