import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AnswerVerdict } from '../src/contracts/responses/answer-verdict.ts';
import { PhaseTokens } from '../src/contracts/responses/usage.ts';

const count = z.int().nonnegative();

/** The answer of one step of the trace. */
export const AnsweredStep = z.object({
  phase: z.string(),
  sample: z.int().nullable(),
  /** Normalised by the engine; null if the step has no answer of its own. */
  answer: z.string().nullable(),
  right: z.boolean(),
  /** Whether a check of the answer failed. */
  rejected: z.boolean(),
  /** How many line checks failed. */
  wrongLines: count,
  stop: z.string().nullable(),
  tokens: count,
  /** How many values the service computed in it; absent in rows of earlier versions. */
  values: count.exactOptional(),
});
export type AnsweredStep = z.infer<typeof AnsweredStep>;

/** One question, asked in one arm, with the result. */
export const AnsweredRow = z.object({
  /** A hash of the question and the request: a row with another fingerprint is asked again. */
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
  /** Null for a fast answer; absent in rows of earlier versions. */
  verdict: AnswerVerdict.pick({ kind: true, probability: true }).nullable().exactOptional(),
  input_tokens: count,
  output_tokens: count,
  phases: PhaseTokens,
  /** Wall time of the request as the client saw it, including waiting behind others. */
  seconds: z.number().nonnegative(),
  steps: z.array(AnsweredStep),
});
export type AnsweredRow = z.infer<typeof AnsweredRow>;

/** Finished rows on disk, one JSON object per line, so that an interrupted run can continue. */
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

/** A line that a killed run left incomplete is asked again. */
function readRows(text: string): AnsweredRow[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [AnsweredRow.parse(JSON.parse(line))];
    } catch {
      return [];
    }
  });
}
