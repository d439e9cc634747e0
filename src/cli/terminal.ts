import type { Readable } from 'node:stream';
import pico from 'picocolors';

// Line ends and tabs are text; the rest of C0, DEL and C1 are orders to a terminal.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
const orders = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** What others wrote (a model, whoever asked), for a terminal: without the characters that would make it do something. */
export function shownText(text: string): string {
  return text.replaceAll(orders, '');
}

type Variables = Readonly<Record<string, string | undefined>>;
export type Paint = ReturnType<typeof pico.createColors>;

/** Where a command reads and writes: results on standard output, all else on standard error. */
export type Terminal = {
  variables: Variables;
  input: Readable & { isTTY?: boolean };
  /** What was asked for, and nothing else. A missing line end is added. */
  print(text: string): void;
  /** As it is, without a line end: pieces of a stream. */
  write(text: string): void;
  /** Progress, hints, thoughts. */
  note(text: string): void;
  /** To standard error, as it is: what redraws itself. */
  draw(text: string): void;
  /** Colours of standard output and of standard error. */
  paint: Paint;
  notePaint: Paint;
  /** Whether standard output, and standard error, is a terminal that can be redrawn. */
  outputLive: boolean;
  noteLive: boolean;
  /** Of standard error; 80 where it isn't known. */
  columns(): number;
};

/** The terminal of this process. `colour` false: `--no-color`; `NO_COLOR` and `TERM=dumb` say the same, `FORCE_COLOR` the contrary. */
export function createTerminal(options: { colour: boolean; variables: Variables }): Terminal {
  const { variables } = options;
  const { stdin, stdout, stderr } = process;
  const dumb = variables['TERM'] === 'dumb';
  const coloured = (stream: NodeJS.WriteStream) => {
    if (!options.colour || variables['NO_COLOR']) return false;
    if (variables['FORCE_COLOR']) return variables['FORCE_COLOR'] !== '0';
    return stream.isTTY === true && !dumb;
  };
  return {
    variables,
    input: stdin,
    print: (text) => void stdout.write(text.endsWith('\n') ? text : `${text}\n`),
    write: (text) => void stdout.write(text),
    note: (text) => void stderr.write(text.endsWith('\n') ? text : `${text}\n`),
    draw: (text) => void stderr.write(text),
    paint: pico.createColors(coloured(stdout)),
    notePaint: pico.createColors(coloured(stderr)),
    outputLive: stdout.isTTY === true && !dumb,
    noteLive: stderr.isTTY === true && !dumb,
    // A terminal without a size says 0.
    columns: () => stderr.columns || stdout.columns || 80,
  };
}
