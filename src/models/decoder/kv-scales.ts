import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const Kept = z.object({
  /** Of the model and the text. */
  key: z.string(),
  outcome: z.union([
    z.object({ scales: z.record(z.string(), z.number().positive()) }),
    z.object({ refused: z.string() }),
  ]),
});

/** What the measurement of a model's caches gave: the step of each, by its input's name, or why 8 bits won't do. */
export type KvOutcome = z.infer<typeof Kept>['outcome'];

/** Keeps a model's measurement from one start to the next: beside its file, or in the machine's temporary folder. */
export type KvScaleStore = {
  read(): KvOutcome | undefined;
  /** Where nothing can be written, the next start measures again. */
  write(outcome: KvOutcome): void;
};

/** `identity`: all that the measurement hangs on. */
export function createKvScaleStore(modelPath: string, identity: readonly string[]): KvScaleStore {
  const key = createHash('sha256').update(JSON.stringify(identity)).digest('hex');
  const beside = `${modelPath.replace(/\.onnx$/, '')}.kv8.json`;
  const elsewhere = join(tmpdir(), `thinkfirst-${userInfo().username}`, `${key.slice(0, 32)}.kv8.json`);
  return {
    read() {
      for (const file of [beside, elsewhere]) {
        const kept = readKept(file);
        if (kept?.key === key) return kept.outcome;
      }
      return undefined;
    },
    write(outcome) {
      const text = `${JSON.stringify({ key, outcome }, null, 1)}\n`;
      if (!replaceFile(beside, text)) replaceFile(elsewhere, text);
    },
  };
}

function readKept(file: string): z.infer<typeof Kept> | undefined {
  try {
    // The temporary folder is everybody's: what another user has put there is not taken.
    if (process.getuid && ![process.getuid(), 0].includes(statSync(file).uid)) return undefined;
    return Kept.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** At once or not at all: several processes may start together. */
function replaceFile(file: string, text: string): boolean {
  const fresh = `${file}.${randomUUID()}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(fresh, text, { flag: 'wx' });
  } catch {
    return false;
  }
  try {
    renameSync(fresh, file);
    return true;
  } catch {
    rmSync(fresh, { force: true });
    return false;
  }
}
