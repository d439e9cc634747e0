import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { spawn } from '@lydell/node-pty';
import { startService } from '../src/entry/start-service.ts';
import { type Frame, sessionSvg } from './record/session-svg.ts';
import { createTerminalScreen, type Screen } from './record/terminal-screen.ts';

/**
 * `npm run record [-- --url URL]`: runs the command line in a pseudo-terminal against the real service and writes
 * docs/images/session.svg (one question fast, then with thinking) and docs/images/trace.svg (how the answer came about).
 */
const question = 'Calculate 77 times 63.';
/** The line search draws; with this seed few tries are enough, and the session short. */
const seed = '3';
const size = { columns: 100, rows: 20 };
const traceSize = { columns: 100, rows: 90 };
/** ms */
const frameMs = 250;
const keyMs = 45;
const readingMs = 1_800;
/** A pause of the machine is not shown longer than this. */
const longestMs = 900;
/** Of the meter alone, which moves all the time, one frame is kept in so long, and shown for `frameMs`. */
const meterMs = 1_000;
const lastMs = 6_000;
let sinceMeter = 0;
const prompt = '\u001b[32m$\u001b[39m ';

const root = new URL('..', import.meta.url);
const images = fileURLToPath(new URL('docs/images/', root));
const { values } = parseArgs({ options: { url: { type: 'string' } } });
const data = await mkdtemp(join(tmpdir(), 'thinkfirst-record-'));
const service =
  values.url === undefined
    ? await startService({
        api: true,
        worker: true,
        page: false,
        variables: { ...process.env, PORT: '0', THINKFIRST_DATA: data, THINKFIRST_LOG_LEVEL: 'error' },
        announce: () => {},
      })
    : undefined;
try {
  const url = values.url ?? service?.url ?? '';
  await mkdir(images, { recursive: true });
  const film: Frame[] = [];
  const stage = createTerminalScreen(size);
  const show = (ms: number) => addFrame(film, stage.screen(), ms);
  for (const words of [
    ['ask', '--fast', question],
    ['ask', '--effort', 'high', '--seed', seed, question],
  ]) {
    await type(words, stage.write, show);
    await play({ words, url, size, onData: stage.write, onFrame: show });
    show(readingMs);
    await stage.write('\r\n');
  }
  show(lastMs);
  await writeFile(
    join(images, 'session.svg'),
    sessionSvg(film, { ...size, title: `thinkfirst ask "${question}", fast and with thinking` }),
  );

  const still = createTerminalScreen(traceSize);
  const words = ['trace', 'last'];
  await still.write(`${prompt}${typedText(words)}\r\n`);
  await play({ words, url, size: traceSize, onData: still.write, onFrame: () => {} });
  const screen = still.screen();
  const title = 'thinkfirst trace last: a wrong line struck out, the revision, the vote';
  await writeFile(
    join(images, 'trace.svg'),
    sessionSvg([{ screen, ms: 0 }], { columns: traceSize.columns, rows: screen.length, title }),
  );
  console.log(`session.svg (${film.length} frames) and trace.svg are in docs/images`);
} finally {
  await service?.close({ graceMs: 0 });
  await rm(data, { recursive: true, force: true });
}

function typedText(words: readonly string[]): string {
  return ['thinkfirst', ...words].map((word) => (/\s/.test(word) ? `"${word}"` : word)).join(' ');
}

/** The command as a person types it. */
async function type(
  words: readonly string[],
  write: (data: string) => Promise<void>,
  show: (ms: number) => void,
): Promise<void> {
  await write(prompt);
  for (const key of typedText(words)) {
    await write(key);
    show(keyMs);
  }
  show(longestMs);
  await write('\r\n');
}

/** Runs the real command; what it draws becomes frames. */
async function play(options: {
  words: readonly string[];
  url: string;
  size: { columns: number; rows: number };
  onData(data: string): Promise<void>;
  onFrame(ms: number): void;
}): Promise<void> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('bin/thinkfirst.mjs', root)), ...options.words], {
    cols: options.size.columns,
    rows: options.size.rows,
    env: { PATH: process.env['PATH'] ?? '', TERM: 'xterm-256color', THINKFIRST_URL: options.url },
  });
  let written = Promise.resolve();
  let before = performance.now();
  child.onData((chunk) => {
    const now = performance.now();
    const elapsed = now - before;
    if (elapsed >= frameMs) before = now;
    written = written.then(async () => {
      if (elapsed >= frameMs) options.onFrame(Math.min(elapsed, longestMs));
      await options.onData(chunk);
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.onExit(({ exitCode }) =>
      exitCode === 0 ? resolve() : reject(new Error(`${options.words[0]} ended with ${exitCode}`)),
    );
  });
  await written;
}

/** A screen that has not changed stands longer. */
function addFrame(film: Frame[], screen: Screen, ms: number): void {
  const before = film.at(-1);
  const same = before === undefined ? 0 : unchangedRows(before.screen, screen);
  if (before && same === Math.max(before.screen.length, screen.length)) {
    film[film.length - 1] = { screen, ms: before.ms + ms };
    return;
  }
  const meterAlone = before?.screen.length === screen.length && same === screen.length - 1;
  sinceMeter += ms;
  if (meterAlone && screen.at(-1)?.some(({ text }) => /[━─]/.test(text))) {
    if (sinceMeter < meterMs) return;
    sinceMeter = 0;
    film.push({ screen, ms: frameMs });
  } else film.push({ screen, ms });
}

function unchangedRows(one: Screen, other: Screen): number {
  return other.filter((row, place) => JSON.stringify(row) === JSON.stringify(one[place])).length;
}
