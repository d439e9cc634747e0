import { Readable } from 'node:stream';
import pico from 'picocolors';
import { createProgram } from '../../src/cli/program.ts';
import type { Terminal } from '../../src/cli/terminal.ts';

/** A piped terminal without colours that keeps what is written to it. */
export function keptTerminal({
  input = '',
  variables = {},
  columns,
}: {
  input?: string;
  variables?: Terminal['variables'];
  /** Standard output is a terminal of this width. */
  columns?: number;
} = {}) {
  const kept = { output: '', told: '' };
  const add = (to: keyof typeof kept) => (text: string) => {
    kept[to] += text.endsWith('\n') ? text : `${text}\n`;
  };
  const paint = pico.createColors(false);
  const terminal: Terminal = {
    variables,
    input: Readable.from([input]),
    print: add('output'),
    write: (text) => {
      kept.output += text;
    },
    note: add('told'),
    draw: () => {},
    paint,
    notePaint: paint,
    outputLive: columns !== undefined,
    noteLive: false,
    columns: () => columns ?? 80,
  };
  return { terminal, kept };
}

/** One command line in this process. @returns what it printed and told; @throws what `main` turns into an exit code */
export async function runProgram(words: readonly string[], options: { input?: string; columns?: number } = {}) {
  const { terminal, kept } = keptTerminal(options);
  await createProgram(terminal).parseAsync([...words], { from: 'user' });
  return kept;
}
