import { parseArgs } from 'node:util';
import type { Constraint } from '../../src/contracts/responses/constraint.ts';
import type { GrammarMatcher } from '../../src/grammar/grammar-matcher.ts';
import { schemas } from '../../test/grammar/schemas.ts';
import { allowedIds, END, MASK_WORDS, realEngine } from '../../test/grammar/walk.ts';
import { hostile } from './hostile.ts';

/**
 * Figures of the grammar engine over the embedded model's vocabulary: `npx tsx bench/grammar/grammar.ts [--json]`.
 * Compile is cold (a new engine's empty cache, every schema once); a step is mask and accept together.
 */
const STEPS = 200;
const WALKS = 3;
/** One decode step of the embedded model at a short context, in ms. */
const DECODE_STEP = 6.3;

type Steps = { mask: number[]; accept: number[] };

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** Random answers; the time to choose a token does not count. */
function follow(matcher: GrammarMatcher, steps: Steps, walk: number): void {
  const mask = new Uint32Array(MASK_WORDS);
  let random = walk + 1;
  for (let step = 0; step < STEPS; step += 1) {
    const start = performance.now();
    matcher.fillMask(mask);
    const filled = performance.now();
    const allowed = allowedIds(mask).filter((id) => id !== END);
    random = (Math.imul(random, 1103515245) + 12345) & 0x7fffffff;
    const id = allowed[(random >>> 8) % Math.max(1, allowed.length)];
    if (id === undefined) return;
    const chosen = performance.now();
    matcher.accept(id);
    steps.accept.push(performance.now() - chosen);
    steps.mask.push(filled - start);
  }
}

async function timed(engine: ReturnType<typeof realEngine>, constraint: Constraint) {
  const start = performance.now();
  const outcome = await engine
    .compile(constraint)
    .catch((error: unknown) => (error instanceof Error ? error.message : 'failed'));
  return { outcome, compile: performance.now() - start };
}

const { values: options } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const engineStart = performance.now();
let engine = realEngine();
const engineMs = performance.now() - engineStart;

const compile: number[] = [];
const all: Steps = { mask: [], accept: [] };
for (const schema of Object.values(schemas)) {
  const { outcome, compile: ms } = await timed(engine, { type: 'json_schema', schema });
  if (typeof outcome === 'string') throw new Error(outcome);
  compile.push(ms);
  for (let walk = 0; walk < WALKS; walk += 1) follow(outcome.createMatcher(), all, walk);
}

engine = realEngine();
const hostileRows: Array<Record<string, string | number>> = [];
for (const [name, constraint] of Object.entries(hostile)) {
  const { outcome, compile: ms } = await timed(engine, constraint);
  const steps: Steps = { mask: [], accept: [] };
  let result = typeof outcome === 'string' ? 'refused' : 'followed';
  try {
    if (typeof outcome !== 'string') follow(outcome.createMatcher(), steps, 0);
  } catch {
    result = `given up after ${steps.mask.length} tokens`;
  }
  const row = { compile_ms: ms, mask_mean_ms: mean(steps.mask), mask_max_ms: Math.max(0, ...steps.mask) };
  hostileRows.push({
    name,
    result,
    ...Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Number(value.toFixed(2))])),
  });
}

const step = mean(all.mask) + mean(all.accept);
const figures = {
  compile_p95_ms: { value: quantile(compile, 0.95), aim: 300 },
  mask_and_accept_mean_ms: { value: step, aim: 0.5 },
  constrained_to_free: { value: DECODE_STEP / (DECODE_STEP + step), aim: 0.85 },
};
const judged = Object.fromEntries(
  Object.entries(figures).map(([name, { value, aim }]) => [
    name,
    { ratio: Number(value.toFixed(3)), aim, holds: name === 'constrained_to_free' ? value >= aim : value <= aim },
  ]),
);
if (options.json) process.stdout.write(`${JSON.stringify(judged)}\n`);
else {
  console.table(hostileRows);
  console.table({
    'engine (vocabulary tree)': { mean: engineMs },
    'compile, ms': {
      mean: mean(compile),
      p50: quantile(compile, 0.5),
      p95: quantile(compile, 0.95),
      max: Math.max(...compile),
    },
    'mask, ms': {
      mean: mean(all.mask),
      p50: quantile(all.mask, 0.5),
      p95: quantile(all.mask, 0.95),
      max: Math.max(...all.mask),
    },
    'accept, ms': {
      mean: mean(all.accept),
      p50: quantile(all.accept, 0.5),
      p95: quantile(all.accept, 0.95),
      max: Math.max(...all.accept),
    },
  });
  console.table(judged);
  console.log(`${compile.length} schemas, ${all.mask.length} steps`);
}
if (Object.values(judged).some(({ holds }) => !holds)) process.exitCode = 1;
