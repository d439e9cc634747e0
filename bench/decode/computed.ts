import { createThoughtRepetition } from '../../src/core/thought-repetition.ts';
import { createThinkingBudget } from '../../src/core/token-ledger.ts';
import { computedValue } from '../../src/models/local/decoder/computed-value.ts';
import { createEngine, type Engine } from '../../src/models/local/decoder/engine.ts';
import { createKvArena } from '../../src/models/local/decoder/kv-arena.ts';
import { createSampleSequence } from '../../src/models/local/decoder/sample-sequence.ts';
import { createSuppressedTokens } from '../../src/models/local/decoder/token-masks.ts';
import { openDecoderSession } from '../../src/models/local/graph/session.ts';
import { createSampler, type Sampler } from '../../src/models/local/sampler.ts';
import { type Figure, figureOf, median } from './figure.ts';
import { type Ours, threads } from './ours.ts';
import { createRandom } from './random.ts';

const lines = 10;

/**
 * Thoughts with an equals sign in each line, with computed values compared with sampled values: tokens per second,
 * including inserted ones. Both write the same given text, so that they decode the same ids; each token is still
 * sampled as usual and then replaced.
 */
export async function computedValues(
  { folder }: Pick<Ours, 'folder'>,
  rounds: number,
  counts = [1, 8, 32],
): Promise<Figure[]> {
  const path = folder.onnx()?.path ?? '';
  const session = await openDecoderSession({
    path,
    threads,
    kvBits: 8,
    calibrationIds: async () => [],
    warn: (message) => console.error(message),
  });
  if ('unsupported' in session) throw new Error(session.unsupported);
  const arena = createKvArena(session.shape, 32 * 400);
  const engine = createEngine({ runner: session.runner(arena), arena, speculates: session.equalTogether });
  const figures: Figure[] = [];
  for (const rows of counts) {
    const ratios: number[] = [];
    let detail = '';
    for (let round = 0; round < rounds; round += 1) {
      const salt = 1000 * rows + round;
      // Each goes first equally often.
      const order = round % 2 === 0 ? [true, false] : [false, true];
      const rates = new Map<boolean, number>();
      for (const compute of order) rates.set(compute, await rate(engine, { folder }, { rows, salt, compute }));
      const [on = Number.NaN, off = Number.NaN] = [rates.get(true), rates.get(false)];
      ratios.push(on / off);
      detail = `${on.toFixed(0)} tokens/s, ${off.toFixed(0)} with compute off`;
    }
    const name = `computed values, ${rows} ${rows === 1 ? 'row' : 'rows'}`;
    figures.push(figureOf(name, median(ratios), { atLeast: 0.98 }, detail));
  }
  await engine.close(new Error('measured'));
  await session.close();
  return figures;
}

/** Tokens per second of all sequences together, without prompts. */
async function rate(
  engine: Engine,
  { folder }: Pick<Ours, 'folder'>,
  run: { rows: number; salt: number; compute: boolean },
): Promise<number> {
  const suppressed = createSuppressedTokens(folder).forSequence({ tools: false });
  const random = createRandom(run.salt);
  const scratch = { vocabularySize: folder.vocabularySize };
  let tokens = 0;
  let startedAt = Number.NaN;
  await new Promise<void>((resolve, reject) => {
    let unfinished = run.rows;
    const drivers = Array.from({ length: run.rows }, (_, sample) => {
      const script = thoughtIds(folder, random);
      const drawn = createSampler({ temperature: 0.6, topP: 0.95, seed: run.salt }, { sample, ...scratch });
      const sampler: Sampler = {
        needs: [],
        next(logits, state) {
          if (Number.isNaN(startedAt)) startedAt = performance.now();
          return { ...drawn.next(logits, state), token: script[state.history.length] ?? folder.tokens.close ?? 0 };
        },
      };
      return createSampleSequence({
        model: folder,
        request: {
          prompt: { messages: [] },
          samples: run.rows,
          thinking: { budgetTokens: 250 * run.rows, perSampleTokens: 250, computeTokens: run.compute ? 100 : 0 },
          answer: { maxTokens: 1 },
          sampling: { temperature: 0.6 },
          deterministic: false,
        },
        sample,
        // Different for each run, so that no cached sequence is the beginning of another.
        prompt: {
          ids: [1, run.salt % 1000, run.compute ? 1 : 2, 3, 4, 5, 6, 7],
          inputTokens: 8,
          own: 0,
          fed: 0,
          thinking: true,
          answerBegun: false,
          answerIds: [],
        },
        contextLength: 400,
        sampler,
        suppressed,
        repetition: createThoughtRepetition(),
        budget: createThinkingBudget(250 * run.rows),
        interrupted: () => undefined,
        emit(event) {
          if (event.type === 'thinking-delta') tokens += event.tokenIds.length;
        },
        onFinish() {
          unfinished -= 1;
          if (unfinished === 0) resolve();
        },
        onFail: reject,
      });
    });
    engine.add(drivers, { alone: false });
  });
  return (tokens * 1000) / (performance.now() - startedAt);
}

/** The ids of a thought's lines, with values as they are inserted. */
function thoughtIds(folder: Ours['folder'], random: () => number): number[] {
  const ids: number[] = [];
  for (let line = 0; line < lines; line += 1) {
    const [a, b] = [random, random].map((next) => 11 + Math.floor(next() * 900));
    const begun = `Boxes: ${a} × ${b} =`;
    ids.push(...folder.tokenizer.encode(begun), ...(computedValue({ line: begun, inCode: false }, folder)?.ids ?? []));
    ids.push(...folder.tokenizer.encode('.\n'));
  }
  return ids;
}
