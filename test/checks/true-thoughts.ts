import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const Row = z.object({ kind: z.string(), question: z.string(), thought: z.string(), answer: z.string() });
export type TrueThought = z.infer<typeof Row>;

/** Six true thoughts of each kind that the embedded model was fitted on. */
export function trueThoughts(): TrueThought[] {
  const text = readFileSync(join(import.meta.dirname, 'true-thoughts.jsonl'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => Row.parse(JSON.parse(line)));
}
