import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';
import { compiled } from './compiled.mjs';

export type TypescriptChild = {
  /** Starts one, with an IPC channel. What it prints goes to standard error: on standard output it would mix with the parent's. */
  fork(): ChildProcess;
  /** A stack of such a child with the places in the sources. */
  locate(stack: string): string;
};

/** MB of V8's young generation: 16 is the default, of which a decoder that allocates little keeps 25 MB resident for nothing. */
const youngGeneration = '--max-semi-space-size=2';

/**
 * Makes ready to fork a TypeScript module in processes that must stay small: compiled, and without its source map, which
 * would take 10 MB in each.
 * @throws Error what can't be compiled
 */
export async function prepareTypescriptChild(options: {
  entry: URL;
  /** Its arguments; `ps` shows them too. */
  args: readonly string[];
}): Promise<TypescriptChild> {
  const file = fileURLToPath(await compiled(options.entry));
  return {
    fork: () =>
      spawn(process.execPath, [youngGeneration, file, ...options.args], {
        serialization: 'json',
        stdio: ['ignore', 2, 2, 'ipc'],
      }),
    locate,
  };
}

/** A file that is not there any more, or has no map, stays as it is named. */
function locate(stack: string): string {
  return stack.replace(/(file:\S*?\.mjs):(\d+):(\d+)/g, (unknown, address: string, line: string, column: string) => {
    try {
      const map = new SourceMap(JSON.parse(readFileSync(`${fileURLToPath(address)}.map`, 'utf8')));
      const place = map.findEntry(Number(line) - 1, Number(column) - 1);
      if (!('originalSource' in place)) return unknown;
      const source = new URL(place.originalSource, address).href;
      return `${source}:${place.originalLine + 1}:${place.originalColumn + 1}`;
    } catch {
      return unknown;
    }
  });
}
