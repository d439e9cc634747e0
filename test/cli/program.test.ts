import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runProgram } from './run-program.ts';

let printed = '';
beforeEach(() => {
  printed = '';
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
  }
});
afterEach(() => vi.restoreAllMocks());

const refusal = async (line: string): Promise<string> => {
  const fault: unknown = await runProgram(line.split(' ')).catch((error: unknown) => error);
  return fault instanceof Error ? fault.message : 'none';
};

describe('a command line that is wrong', () => {
  it.each([
    ['jobs lst', "error: unknown command 'lst'\n(Did you mean list?)"],
    ['jobs --json lst', "error: unknown command 'lst'\n(Did you mean list?)"],
    ['jobs list foo', "error: 'list' takes no argument, but got 'foo'"],
    ['jobs --json list', "error: 'list' must come before its options: jobs list …"],
    ['models nope', "error: unknown command 'nope'"],
    ['keys foo', "error: unknown command 'foo'"],
    ['keys crate', "error: unknown command 'crate'\n(Did you mean create?)"],
    ['aks', "error: unknown command 'aks'\n(Did you mean ask?)"],
    ['help foo', "error: unknown command 'foo'"],
    ['help jbos', "error: unknown command 'jbos'\n(Did you mean jobs?)"],
    ['help jobs lst', "error: unknown command 'lst'\n(Did you mean list?)"],
    ['jobs help lst', "error: unknown command 'lst'\n(Did you mean list?)"],
    ['ask --fast --effort high hi', "error: option '--fast' cannot be used with option '-e, --effort <level>'"],
  ])('%s: says what is wrong with it', async (line, told) => {
    expect(await refusal(line)).toBe(told);
    expect(printed).toBe(`${told}\n(--help lists the options)\n`);
  });

  it.each([
    ['help', 'Usage: thinkfirst [options] [command]'],
    ['help jobs', 'Usage: thinkfirst jobs [options] [command]'],
    ['help jobs cancel', 'Usage: thinkfirst jobs cancel [options] <id...>'],
    ['jobs help cancel', 'Usage: thinkfirst jobs cancel [options] <id...>'],
  ])('%s: shows that help', async (line, usage) => {
    await refusal(line);
    expect(printed).toContain(usage);
    expect(printed.match(/^ {2}help \[/gm)?.length ?? 0).toBe(usage.endsWith('[command]') ? 1 : 0);
  });
});
