import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const Kept = z.object({
  /** Hash of the model and the text. */
  key: z.string(),
  outcome: z.union([
    z.object({
      scales: z.record(z.string(), z.number().positive()),
      /** Identity of the graph, onnxruntime and processor for which caches in place were proved (`proof.ts`). */
      proved: z.string().optional(),
      /** There, several new tokens in one run have the logits that they have in runs of their own. */
      equalTogether: z.boolean().optional(),
    }),
    z.object({ refused: z.string() }),
  ]),
});

/** The result of measuring a model's caches: the step of each, by its input's name, or why 8 bits cannot be used. */
export type KvOutcome = z.infer<typeof Kept>['outcome'];

/** Stores a model's measurement for the next start: next to its file, or in the temporary folder. */
export type KvScaleStore = {
  read(): KvOutcome | undefined;
  /** If nothing can be written, the next start measures again. */
  write(outcome: KvOutcome): void;
  /**
   * Stores the scales that were read with this machine's proof of them. A file without a proof came with the model, perhaps in a
   * repository: it stays as it is, and both are stored in the temporary folder.
   */
  keepProof(proved: Required<KvScales>): void;
};

type KvScales = Extract<KvOutcome, { scales: unknown }>;

/** `identity`: everything that the measurement depends on. */
export function createKvScaleStore(modelPath: string, identity: readonly string[]): KvScaleStore {
  const key = createHash('sha256').update(JSON.stringify(identity)).digest('hex');
  const beside = `${modelPath.replace(/\.onnx$/, '')}.kv8.json`;
  // By number: a container's user may have no name. Windows has a temporary folder for each user.
  const elsewhere = join(tmpdir(), `thinkfirst-${process.getuid?.() ?? 'user'}`, `${key.slice(0, 32)}.kv8.json`);
  const known = () =>
    [readKept(beside), isOwn(elsewhere) ? readKept(elsewhere) : undefined].map((found) =>
      found?.key === key ? found.outcome : undefined,
    );
  const textOf = (outcome: KvOutcome) => `${JSON.stringify({ key, outcome }, null, 1)}\n`;
  const write = (outcome: KvOutcome) => {
    if (!replaceFile(beside, textOf(outcome))) replaceFile(elsewhere, textOf(outcome));
  };
  return {
    read() {
      const [near, far] = known();
      if (near === undefined || far === undefined || !needsProof(near) || 'refused' in far) return near ?? far;
      return { ...far, scales: near.scales };
    },
    write,
    keepProof(proved) {
      const [near] = known();
      if (near && needsProof(near)) replaceFile(elsewhere, textOf(proved));
      else write(proved);
    },
  };
}

function needsProof(outcome: KvOutcome): outcome is KvScales {
  return 'scales' in outcome && outcome.proved === undefined;
}

function readKept(file: string): z.infer<typeof Kept> | undefined {
  try {
    return Kept.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Every user can write to the temporary folder, so another user's file there is not used. A file next to the model is trusted like the model. */
function isOwn(file: string): boolean {
  const owner = statSync(file, { throwIfNoEntry: false })?.uid;
  return owner !== undefined && (!process.getuid || [process.getuid(), 0].includes(owner));
}

/** Atomic, because several processes may start at the same time. */
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
