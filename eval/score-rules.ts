import { execFile } from 'node:child_process';
import { z } from 'zod';

const words = z.array(z.string().min(1)).min(1);

/** How to judge an answer that has no single right value: all given rules must hold. */
export const Rules = z.strictObject({
  /** Whole words or phrases, ignoring case (except in `exact`). */
  contains: z
    .strictObject({
      all: words.exactOptional(),
      any: words.exactOptional(),
      /** How many different ones of `any` must occur; default 1. */
      at_least: z.int().positive().exactOptional(),
      exact: words.exactOptional(),
    })
    .exactOptional(),
  /** The whole answer is one of these, ignoring case and surrounding punctuation. */
  one_of: words.exactOptional(),
  at_most_words: z.int().positive().exactOptional(),
  /** JavaScript: each call must return this value. */
  tests: z
    .array(z.strictObject({ call: z.string(), gives: z.json() }))
    .min(1)
    .exactOptional(),
});
export type Rules = z.infer<typeof Rules>;

/** Whether a visible text satisfies all rules. An empty text satisfies none. */
export async function keepsRules(text: string, rules: Rules): Promise<boolean> {
  const { contains, one_of: oneOf, at_most_words: mostWords, tests } = rules;
  if (text.trim() === '') return false;
  if (mostWords !== undefined && text.trim().split(/\s+/u).length > mostWords) return false;
  if (oneOf !== undefined && !oneOf.some((one) => bare(one) === bare(text))) return false;
  if (contains !== undefined && !holds(text, contains)) return false;
  return tests === undefined || (await passesTests(text, tests));
}

function holds(
  text: string,
  { all = [], any, at_least: least = 1, exact = [] }: NonNullable<Rules['contains']>,
): boolean {
  const lower = plain(text);
  const says = (phrase: string) => saysPhrase(lower, plain(phrase));
  if (!all.every(says) || !exact.every((phrase) => saysPhrase(text, phrase))) return false;
  return any === undefined || new Set(any.filter(says)).size >= least;
}

function saysPhrase(text: string, phrase: string): boolean {
  const escaped = phrase.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, 'u').test(text);
}

function plain(text: string): string {
  return text.normalize('NFC').replaceAll('’', "'").toLowerCase();
}

function bare(text: string): string {
  return plain(text).replaceAll(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
}

/** ms; enough for Node to start on a busy machine. Code that loops is stopped earlier, inside the process. */
const processLimit = 20_000;
const codeLimit = 500;

/**
 * Runs the answer's code block (without one, the whole answer) and compares each call's value as JSON. It runs in a
 * separate process without environment, files, child processes or modules. It can still use the network.
 */
async function passesTests(text: string, tests: NonNullable<Rules['tests']>): Promise<boolean> {
  const code = /```[^\n]*\n(.*?)(?:```|$)/s.exec(text)?.[1] ?? text;
  const calls = JSON.stringify(`[${tests.map(({ call }) => call).join(', ')}]`);
  const script = `
    const { runInContext, createContext } = require('node:vm');
    const context = createContext(Object.create(null), { codeGeneration: { strings: false, wasm: false } });
    const run = (code) => runInContext(code, context, { timeout: ${codeLimit} });
    run(${JSON.stringify(code)});
    process.stdout.write(run('JSON.stringify(' + ${calls} + ')'));
  `;
  const permission = process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : '--experimental-permission';
  const output = await new Promise<string | undefined>((resolve) => {
    execFile(
      process.execPath,
      [permission, '--no-warnings', '-e', script],
      { env: {}, timeout: processLimit, maxBuffer: 65_536 },
      (error, stdout) => resolve(error === null ? stdout : undefined),
    );
  });
  return output === JSON.stringify(tests.map(({ gives }) => gives));
}
