/**
 * What runs behind the wall: one Python, and nothing beside it. It reads a line of JSON for each run from descriptor
 * 3 and writes lines of JSON to it (`interpreter.ts`). Plain JavaScript, since there is no loader behind the wall.
 */
import { closeSync, fstatSync, readFileSync, readSync, writeSync } from 'node:fs';

const channel = 3;
const memory = 4;
const library = '/sandbox/pyodide/';
/** Characters of a traceback. */
const mostError = 8_000;
/** Python's own number. */
const interrupt = 2;

/** `snapshot`: starts from the library and writes its memory to descriptor 4; `restore`: starts from such a memory, read there. */
const [, , mode] = process.argv;

function write(descriptor, bytes) {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}

function send(frame) {
  write(channel, Buffer.from(`${JSON.stringify(frame)}\n`));
}

let unread = Buffer.alloc(0);
/** Blocks, so that nothing of this process runs between two runs. Undefined once the parent is gone. */
function readLine() {
  const chunk = Buffer.alloc(65_536);
  const pieces = [unread];
  for (;;) {
    const last = pieces[pieces.length - 1];
    const end = last.indexOf(10);
    if (end !== -1) {
      unread = Buffer.from(last.subarray(end + 1));
      pieces[pieces.length - 1] = last.subarray(0, end);
      return Buffer.concat(pieces).toString();
    }
    const length = readSync(channel, chunk);
    if (length === 0) return undefined;
    pieces.push(Buffer.from(chunk.subarray(0, length)));
  }
}

/** By position: the parent's other children read from the same open file. */
function readMemory() {
  const bytes = Buffer.alloc(fstatSync(memory).size);
  for (let at = 0; at < bytes.length; ) {
    const length = readSync(memory, bytes, at, bytes.length - at, at);
    if (length === 0) throw new Error('the snapshot is cut short');
    at += length;
  }
  return bytes;
}

async function load() {
  const { loadPyodide } = await import(`${library}pyodide.mjs`);
  const options = {
    indexURL: library,
    // Python's `js` has nothing in it.
    jsglobals: Object.create(null),
    ...(mode === 'restore' ? { _loadSnapshot: readMemory() } : { _makeSnapshot: true }),
  };
  const pyodide = await loadPyodide(options);
  if (mode === 'snapshot') {
    pyodide.runPython(readFileSync('/sandbox/runner.py', 'utf8'));
    pyodide.runPython('prepare()');
    const bytes = pyodide.makeMemorySnapshot();
    try {
      write(memory, bytes);
    } catch {
      // The parent has no room for it, or no need.
    }
  }
  closeSync(memory);
  return pyodide;
}

const pyodide = await load();
const signals = new Uint8Array(new SharedArrayBuffer(1));
/** The run that prints now. */
let current = { run: '', left: 0, cut: false, decoder: new TextDecoder() };

const output = {
  isatty: false,
  write(bytes) {
    const taken = bytes.subarray(0, current.left);
    current.left -= taken.length;
    const text = current.decoder.decode(taken, { stream: true });
    if (text !== '') send({ type: 'output', run: current.run, text });
    if (taken.length < bytes.length) {
      current.cut = true;
      signals[0] = interrupt;
    }
    return bytes.length;
  },
};
pyodide.setStdin({ stdin: () => null });
pyodide.setStdout(output);
pyodide.setStderr(output);
pyodide.setInterruptBuffer(signals);
pyodide.runPython('lock()');
const makeRun = pyodide.globals.get('make_run');
const run = makeRun();
const { exit } = process;
// Nothing below needs them, but for Pyodide's `os.getuid` and `os.umask`.
for (const name of ['fetch', 'WebSocket', 'EventSource']) delete globalThis[name];
globalThis.process = { getuid: () => 65_534, umask: () => 0o022, platform: 'linux', exitCode: 0 };

send({ type: 'ready' });
for (let line = readLine(); line !== undefined; line = readLine()) {
  const command = JSON.parse(line);
  current = { run: command.run, left: command.outputBytes, cut: false, decoder: new TextDecoder() };
  signals[0] = 0;
  try {
    const { kind, error } = JSON.parse(run(command.code));
    signals[0] = 0;
    send({
      type: 'ended',
      run: command.run,
      kind: current.cut ? 'output' : kind,
      error: error?.slice(0, mostError) ?? null,
    });
  } catch {
    // WebAssembly itself broke off: this Python can't be used again.
    exit(1);
  }
}
exit(0);
