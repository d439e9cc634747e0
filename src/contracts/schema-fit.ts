import { type Context, createContext, Script } from 'node:vm';
import { Validator } from '@cfworker/json-schema';

/** `unknown`: the schema can't be judged by, since it is no schema, goes round for ever, or takes too long. */
export type SchemaFit =
  | { fits: true }
  | { fits: false; at: string; reason: string }
  | { fits: 'unknown'; reason: string };

/** ms of processor time. A whole answer of 10,000 tokens against an ordinary schema takes under 5. */
const timeLimit = 50;
/** ms by the clock, one try after the other: on a busy machine a good schema must not be taken for a slow one. */
const tries = [50, 500, 5_000];
/** Schemas that took too long once are not tried again. */
const mostRemembered = 1_000;
const tooSlow = new Set<string>();

const call = new Script('run()');
let context: Context | undefined;

/**
 * Judges a value by a caller's schema (draft 2020-12). A pattern may backtrack and references may multiply without end,
 * and neither the validator nor its regular expressions can be made linear: the engine's own timeout ends them, within
 * `timeLimit`, and a schema that met it is not run again. Nothing is a sandbox here: schema and value are data.
 */
export function schemaFit(schema: Readonly<Record<string, unknown>>, value: unknown): SchemaFit {
  const name = JSON.stringify(schema);
  if (tooSlow.has(name)) return { fits: 'unknown', reason: 'the schema takes too long' };
  try {
    const result = judged(() => new Validator({ ...schema }, '2020-12').validate(value));
    const first = result.errors[0];
    if (result.valid) return { fits: true };
    return { fits: false, at: first?.instanceLocation ?? '#', reason: first?.error ?? 'it does not fit' };
  } catch (error) {
    if (!isTimeout(error)) return { fits: 'unknown', reason: 'the schema can’t be used' };
    if (tooSlow.size >= mostRemembered) tooSlow.clear();
    tooSlow.add(name);
    return { fits: 'unknown', reason: 'the schema takes too long' };
  }
}

/** Tries again where the clock ran out and the processor was elsewhere. */
function judged<T>(run: () => T): T {
  for (const [index, limit] of tries.entries()) {
    const before = process.cpuUsage();
    try {
      return timed(run, limit);
    } catch (error) {
      const { user, system } = process.cpuUsage(before);
      if (!isTimeout(error) || (user + system) / 1_000 >= timeLimit || index === tries.length - 1) throw error;
    }
  }
  throw new Error('nothing was judged');
}

function timed<T>(run: () => T, limit: number): T {
  let result: { value: T } | undefined;
  const work = () => {
    result = { value: run() };
  };
  context ??= createContext({});
  context['run'] = work;
  call.runInContext(context, { timeout: limit });
  if (result === undefined) throw new Error('nothing was judged');
  return result.value;
}

/** The error may be of the context's own realm, so that it is no `Error` of ours. */
function isTimeout(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  );
}
