import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AnswerVerdict } from '../src/contracts/responses/answer-verdict.ts';
import { PhaseTokens } from '../src/contracts/responses/usage.ts';

const count = z.int().nonnegative();

/** What a step of the trace answered. */
export const AnsweredStep = z.object({
  phase: z.string(),
  sample: z.int().nullable(),
  /** Normalised by the engine; null where the step has no answer of its own. */
  answer: z.string().nullable(),
  right: z.boolean(),
  /** A check of the answer's value failed. */
  rejected: z.boolean(),
  /** Line checks that failed. */
  wrongLines: count,
  stop: z.string().nullable(),
  tokens: count,
});
export type AnsweredStep = z.infer<typeof AnsweredStep>;

/** One question, asked one way, with what came back. */
export const AnsweredRow = z.object({
  /** Of what was asked and how: an older row of another fingerprint is asked again. */
  fingerprint: z.string(),
  arm: z.string(),
  row: z.int().positive(),
  kind: z.string(),
  question: z.string(),
  expected: z.string(),
  response: z.string(),
  status: z.string(),
  output: z.string(),
  right: z.boolean(),
  source: z.string().nullable(),
  thinking_stop: z.string().nullable(),
  /** Null of a fast answer; absent in rows of earlier versions. */
  verdict: AnswerVerdict.pick({ kind: true, probability: true }).nullable().exactOptional(),
  input_tokens: count,
  output_tokens: count,
  phases: PhaseTokens,
  /** Wall time of the request as the client saw it, waiting behind others included. */
  seconds: z.number().nonnegative(),
  steps: z.array(AnsweredStep),
});
export type AnsweredRow = z.infer<typeof AnsweredRow>;

/** Finished rows on disk, one JSON object a line, so that a run that was stopped goes on where it was. */
export type RowStore = {
  rows(): readonly AnsweredRow[];
  add(row: AnsweredRow): Promise<void>;
};

export async function openRowStore(folder: string): Promise<RowStore> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'rows.jsonl');
  const rows = readRows(await readFile(path, 'utf8').catch(() => ''));
  return {
    rows: () => rows,
    async add(row) {
      rows.push(row);
      await appendFile(path, `${JSON.stringify(row)}\n`);
    },
  };
}

/** A line that a killed run has left half written is asked again. */
function readRows(text: string): AnsweredRow[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [AnsweredRow.parse(JSON.parse(line))];
    } catch {
      return [];
    }
  });
}
