import { createAnsweringThread } from './answering-thread.ts';

/** `unknown`: the schema can't be judged by, since it is no schema, goes round for ever, or takes too long. */
type SchemaFit = { fits: true } | { fits: false; at: string; reason: string } | { fits: 'unknown'; reason: string };

/** By the clock, since a thread can't be stopped by its processor time: an ordinary schema takes under 5 on a free machine. ms */
const timeLimit = 500;
/** Of the thread's heap. MiB. */
const memoryLimit = 64;
/** Schemas that took too long once are not tried again. */
const mostRemembered = 1_000;
const tooSlow = new Set<string>();
const slow: SchemaFit = { fits: 'unknown', reason: 'the schema takes too long' };

const ask = createAnsweringThread<SchemaFit>({
  script: () => new URL('./schema-fit-thread.mjs', import.meta.url),
  timeLimit,
  memoryLimit,
});

/**
 * Judges a value by a caller's schema (draft 2020-12). A pattern may backtrack and references may multiply without end,
 * and neither the validator nor its regular expressions can be made linear: so it runs in a thread of its own, one schema
 * after the other, which is ended with what takes longer than `timeLimit`. This process goes on meanwhile.
 */
export async function schemaFit(schema: Readonly<Record<string, unknown>>, value: unknown): Promise<SchemaFit> {
  const name = JSON.stringify(schema);
  const answer = await ask({ schema, value }, () => !tooSlow.has(name));
  if (answer.status === 'unstarted') return { fits: 'unknown', reason: 'the schema could not be judged' };
  if (answer.status === 'answered') return answer.value;
  if (tooSlow.size >= mostRemembered) tooSlow.clear();
  tooSlow.add(name);
  return slow;
}
