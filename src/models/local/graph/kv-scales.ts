import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
  // By number: a container's user may have no name. Windows has a temporary folder for each user.
  const elsewhere = join(tmpdir(), `thinkfirst-${process.getuid?.() ?? 'user'}`, `${key.slice(0, 32)}.kv8.json`);
  return {
    read() {
      const kept = [readKept(beside), isOwn(elsewhere) ? readKept(elsewhere) : undefined];
      return kept.find((found) => found?.key === key)?.outcome;
    },
    write(outcome) {
      const text = `${JSON.stringify({ key, outcome }, null, 1)}\n`;
      if (!replaceFile(beside, text)) replaceFile(elsewhere, text);
    },
  };
}

function readKept(file: string): z.infer<typeof Kept> | undefined {
  try {
    return Kept.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Every user can write to the temporary folder, so another user's file there is not used. A file beside the model is trusted like the model. */
function isOwn(file: string): boolean {
  const owner = statSync(file, { throwIfNoEntry: false })?.uid;
  return owner !== undefined && (!process.getuid || [process.getuid(), 0].includes(owner));
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
