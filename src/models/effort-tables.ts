import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { EffortTable } from '../contracts/effort-table.ts';

/** Beside this file, one per model, written by calibration; `default.json` for those that were never calibrated. */
const folder = new URL('./effort-tables/', import.meta.url);

/**
 * What each effort spends with this model.
 * @throws Error naming the file, when calibration left one that doesn't fit
 */
export function readEffortTable(modelId: string): EffortTable {
  const own = new URL(`${fileName(modelId)}.json`, folder);
  const file = existsSync(own) ? own : new URL('default.json', folder);
  const parsed = EffortTable.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!parsed.success) throw new Error(`${file.pathname}: ${z.prettifyError(parsed.error)}`);
  return { ...parsed.data, model: modelId };
}

/** `org/name` as `org--name`; anything else that a path could be made of goes too. */
export function fileName(modelId: string): string {
  return modelId.replaceAll('/', '--').replaceAll(/[^\w.-]/g, '_');
}
