import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { spawn as spawnPty } from '@lydell/node-pty';

const launcher = fileURLToPath(new URL('../../bin/thinkfirst.mjs', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

type CliOptions = {
  /** Added to PATH and HOME; this process's own settings are not passed on. */
  environment?: Record<string, string>;
  folder?: string;
  input?: string;
};

/** `thinkfirst …` with all three streams piped. */
export async function runCli(words: readonly string[], options: CliOptions = {}) {
  const child = spawn(process.execPath, [launcher, ...words], {
    cwd: options.folder ?? root,
    env: variables(options),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(options.input ?? '');
  const [output, told, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: code as number | null, output, told };
}

export type PtyCli = {
  /** Everything on the screen so far, including escape sequences. */
  raw(): string;
  /** Resolves as soon as the text without escape sequences matches. */
  saw(pattern: RegExp): Promise<void>;
  type(text: string): void;
  ended: Promise<number>;
};

/** `thinkfirst …` in a pseudo-terminal of 100 by 30. */
export function ptyCli(words: readonly string[], options: CliOptions = {}): PtyCli {
  const child = spawnPty(process.execPath, [launcher, ...words], {
    cols: 100,
    rows: 30,
    cwd: options.folder ?? root,
    env: { ...variables(options), TERM: 'xterm-256color' },
  });
  let raw = '';
  const watchers = new Set<() => void>();
  child.onData((data) => {
    raw += data;
    for (const watcher of watchers) watcher();
  });
  const ended = new Promise<number>((resolve) => child.onExit(({ exitCode }) => resolve(exitCode)));
  return {
    raw: () => raw,
    saw: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!pattern.test(stripVTControlCharacters(raw))) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
        ended.then((code) => reject(new Error(`it ended with ${code} before ${pattern} was seen:\n${raw}`)));
      }),
    type: (typed) => child.write(typed),
    ended,
  };
}

function variables({ environment = {} }: CliOptions): Record<string, string> {
  const { PATH = '', HOME = '', TMPDIR } = process.env;
  return { PATH, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }), ...environment };
}
