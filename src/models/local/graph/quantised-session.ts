import { createHash } from 'node:crypto';
import { cpus } from 'node:os';
import { env } from 'onnxruntime-node';
import { createKvArena } from '../decoder/kv-arena.ts';
import { withLogitParts } from '../decoder/logit-parts.ts';
import { cacheNames, type DeclaredShape, type GraphShape, graphShape } from './graph-shape.ts';
import { calibrationText, driftFrom, likeliestTokens, scalesOf } from './kv-calibration.ts';
import { createKvScaleStore, type KvOutcome } from './kv-scales.ts';
import { createNativeRunner } from './native-runner.ts';
import type { NativeRuntime, NativeSession } from './native-runtime.ts';
import { type OnnxGraph, readOnnxFile } from './onnx-file.ts';
import { withQuantisedCaches } from './quantised-graph.ts';
import { withReshapedWeights } from './reshaped-weights.ts';

/**
 * Nats by which 8-bit caches may move the log-probability of the likeliest token, on average. The embedded model's move it
 * by 0.07; feeding the same text in other pieces, without them, by 0.03.
 */
const mostDrift = 0.2;

export type QuantisedOptions = {
  path: string;
  /** Shapes from config.json that the graph does not contain. */
  declared?: DeclaredShape | undefined;
  threads: number;
  /** `calibrationText` as a prompt, on which keys and values are measured if that has not been done yet. */
  calibrationIds(): Promise<readonly number[]>;
};

export type QuantisedSession = {
  session: NativeSession;
  /** True if an earlier load proved its caches in place (`proof.ts`), with the same graph, onnxruntime and processor. */
  proved: boolean;
  /** What that load found of several tokens in one run; undefined: nothing. */
  equalTogether: boolean | undefined;
  /** Stores the proof for later loads. */
  keepProof(equalTogether: boolean): void;
};

/**
 * Loads a model with caches of 8 bits. Their scales are measured once by the model's own 32-bit graph, and the logits of
 * both are compared; the result is stored for later starts.
 * @throws Error with the reason if this model cannot have 8-bit caches
 */
export async function openQuantisedSession(
  runtime: NativeRuntime,
  options: QuantisedOptions,
): Promise<QuantisedSession> {
  const file = readOnnxFile(options.path);
  const graph = { ...file, model: withReshapedWeights(file.model) };
  // Not by the ids, because some templates put the current date into each prompt.
  const store = createKvScaleStore(options.path, [graph.fingerprint, calibrationText]);
  const known = store.read();
  if (known && 'refused' in known) throw new Error(known.refused);
  if (known) {
    const { session, identity } = openWith(runtime, graph, known.scales, options);
    const proved = known.proved === identity;
    return {
      session,
      proved,
      equalTogether: proved ? known.equalTogether : undefined,
      keepProof: (equal) => store.keepProof({ scales: known.scales, proved: identity, equalTogether: equal }),
    };
  }
  const { outcome, session, identity } = await measure(runtime, graph, await options.calibrationIds(), options);
  store.write(outcome);
  if ('refused' in outcome) {
    session.close();
    throw new Error(outcome.refused);
  }
  return {
    session,
    proved: false,
    equalTogether: undefined,
    keepProof: (equal) => store.write({ scales: outcome.scales, proved: identity, equalTogether: equal }),
  };
}

type Opened = { session: NativeSession; identity: string };

function openWith(
  runtime: NativeRuntime,
  { model, folder, fingerprint }: OnnxGraph,
  scales: Readonly<Record<string, number>>,
  options: QuantisedOptions,
): Opened {
  const quantised = withLogitParts(withQuantisedCaches(model, new Map(Object.entries(scales))));
  const identity = createHash('sha256')
    .update(JSON.stringify([fingerprint, env.versions.node, process.platform, process.arch, cpus()[0]?.model]))
    .update(quantised)
    .digest('hex');
  return { session: runtime.openGraph({ model: quantised, folder }, options), identity };
}

/** @returns the outcome, and the session with these caches on which it was found */
async function measure(
  runtime: NativeRuntime,
  graph: OnnxGraph,
  ids: readonly number[],
  options: QuantisedOptions,
): Promise<Opened & { outcome: KvOutcome }> {
  const wide = runtime.openGraph({ ...graph, model: withLogitParts(graph.model) }, options);
  const { likeliest, scales } = await withRunner(wide, options, ids.length, async ({ runner, shape, arena }) => {
    const found = await likeliestTokens(runner, shape, ids);
    const names = cacheNames(shape.layers, 'past_key_values');
    const steps = scalesOf(arena);
    return { likeliest: found, scales: Object.fromEntries(names.map((name, index) => [name, steps[index] ?? 0])) };
  }).finally(() => wide.close());
  const { session, identity } = openWith(runtime, graph, scales, options);
  try {
    const drift = await withRunner(session, options, ids.length, ({ runner, shape }) =>
      driftFrom(likeliest, runner, shape, ids),
    );
    const refused = `8 bits move its log-probabilities by ${drift.toFixed(2)} nats`;
    return { outcome: drift <= mostDrift ? { scales } : { refused }, session, identity };
  } catch (error) {
    session.close();
    throw error;
  }
}

type Running = {
  runner: ReturnType<typeof createNativeRunner>;
  shape: GraphShape;
  arena: ReturnType<typeof createKvArena>;
};

/** Uses a session over an arena of `tokens`. */
async function withRunner<T>(
  session: NativeSession,
  { declared }: Pick<QuantisedOptions, 'declared'>,
  tokens: number,
  use: (running: Running) => Promise<T>,
): Promise<T> {
  const shape = graphShape(session, declared);
  if ('unsupported' in shape) throw new Error(shape.unsupported);
  const arena = createKvArena(shape, tokens);
  const runner = createNativeRunner(session, shape, arena);
  try {
    return await use({ runner, shape, arena });
  } finally {
    runner.close();
  }
}
