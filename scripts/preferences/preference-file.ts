import { createHash } from 'node:crypto';

type PreferenceFile<Row> = { train: Row[]; test: Row[]; repeated: number };

/**
 * Rows for training and, of every `heldOut`-th prompt, for evaluation. A prompt is wholly on one side, chosen by its own
 * digest: a later export keeps it there. Rows that were there before are left out.
 */
export function preferenceFile<Row extends { prompt: unknown }>(
  rows: readonly Row[],
  { heldOut }: { heldOut: number },
): PreferenceFile<Row> {
  const seen = new Set<string>();
  const file: PreferenceFile<Row> = { train: [], test: [], repeated: 0 };
  for (const row of rows) {
    const text = JSON.stringify(row);
    if (seen.has(text)) {
      file.repeated += 1;
      continue;
    }
    seen.add(text);
    const place = createHash('sha256').update(JSON.stringify(row.prompt)).digest().readUInt32BE(0);
    (heldOut > 0 && place % heldOut === 0 ? file.test : file.train).push(row);
  }
  return file;
}
