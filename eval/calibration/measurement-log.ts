import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';

const Line = z.object({ key: z.string(), value: z.unknown() });

/** Measurements on disk by key, so that an interrupted calibration can continue. */
export type MeasurementLog = {
  /** The value stored under `key`; if there is none, it is measured now and stored. */
  remember<Value>(key: string, schema: z.ZodType<Value>, measure: () => Promise<Value>): Promise<Value>;
  /** How many measurements earlier runs have left. */
  kept(): number;
};

/** @param of what is measured, if one file holds measurements of several models */
export async function openMeasurementLog(path: string, of = ''): Promise<MeasurementLog> {
  await mkdir(dirname(path), { recursive: true });
  const kept = readLines(await readFile(path, 'utf8').catch(() => ''));
  const prefix = of === '' ? '' : `${of} `;
  return {
    kept: () => [...kept.keys()].filter((key) => key.startsWith(prefix)).length,
    async remember(name, schema, measure) {
      const key = prefix + name;
      const earlier = schema.safeParse(kept.get(key));
      if (earlier.success) return earlier.data;
      const value = await measure();
      kept.set(key, value);
      await appendFile(path, `${JSON.stringify({ key, value })}\n`);
      return value;
    },
  };
}

/** A line that a killed run left incomplete is measured again. */
function readLines(text: string): Map<string, unknown> {
  const kept = new Map<string, unknown>();
  for (const line of text.split('\n')) {
    try {
      const { key, value } = Line.parse(JSON.parse(line));
      kept.set(key, value);
    } catch {}
  }
  return kept;
}
