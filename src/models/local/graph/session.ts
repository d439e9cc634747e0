import { createKvArena, type KvArena } from '../decoder/kv-arena.ts';
import type { CacheRunner } from './cache-runner.ts';
import { type DeclaredShape, type GraphShape, graphShape } from './graph-shape.ts';
import { createNativeRunner } from './native-runner.ts';
import { type NativeRuntime, type NativeSession, openNativeRuntime } from './native-runtime.ts';
import { createPlainRunner, openPlainSession } from './plain-runner.ts';
import { proveInPlace, proveSteps } from './proof.ts';
import { openQuantisedSession } from './quantised-session.ts';

/** A model's graph, loaded and proved. */
export type DecoderSession = {
  readonly shape: GraphShape;
  /** True: nothing of a cache is copied in a step. False: the slow, plain way, after a warning. */
  readonly inPlace: boolean;
  runner(arena: KvArena): CacheRunner;
  close(): Promise<void>;
};

/** Bits of a cached number. */
export type KvBits = 8 | 32;

export type SessionOptions = {
  /** The ONNX file. */
  path: string;
  /** What config.json says of shapes that the graph doesn't write. */
  declared?: DeclaredShape | undefined;
  threads: number;
  /** 8 where the model and onnxruntime can, else 32 after a warning. */
  kvBits: KvBits;
  /** A text that 8-bit caches are fitted to: the same at each start, but for what a template adds. */
  calibrationIds(): Promise<readonly number[]>;
  warn(message: string): void;
  /** How the C API is had; tests hand in what fails. */
  openRuntime?: () => Promise<NativeRuntime | undefined>;
};

type Opened = { session: DecoderSession } | { unsupported: string } | { reason: string };

/**
 * Loads a graph for the decode loop: on onnxruntime's C API with caches in place where a proof holds, else copying. A
 * graph that can't be driven at all gives its reason, and the caller takes transformers.js's `generate()`.
 */
export async function openDecoderSession(options: SessionOptions): Promise<DecoderSession | { unsupported: string }> {
  const native = await openNative(options);
  if ('session' in native) return native.session;
  if ('unsupported' in native) return native;
  options.warn(`The decoder copies its cache in every step, since ${native.reason}: slower, same answers.`);
  const { session, shape } = await openPlainSession(options.path, options);
  if ('unsupported' in shape) return shape;
  const arena = createKvArena(shape, 64);
  const fault = await proveSteps(createPlainRunner(session, shape, arena), shape, arena);
  if (fault) {
    await session.release();
    return { unsupported: fault };
  }
  return {
    shape,
    inPlace: false,
    runner: (own) => createPlainRunner(session, shape, own),
    close: () => session.release(),
  };
}

async function openNative(options: SessionOptions): Promise<Opened> {
  let runtime: NativeRuntime | undefined;
  try {
    runtime = await (options.openRuntime ?? openNativeRuntime)();
  } catch (error) {
    return { reason: `onnxruntime's library can't be called (${String(error)})` };
  }
  if (!runtime) return { reason: "onnxruntime's library isn't there for this platform" };
  const narrow = options.kvBits === 8 ? await openNarrow(runtime, options) : undefined;
  if (narrow && 'session' in narrow) return narrow;
  const wide = await proved(runtime.openSession(options.path, options), options.declared);
  // Of a graph that has no such cache there is nothing to say here.
  if (narrow && !('unsupported' in wide)) {
    const reason = 'reason' in narrow ? narrow.reason : narrow.unsupported;
    options.warn(`The KV cache takes 32 bits a number and not 8, since ${reason}: four times the memory.`);
  }
  return wide;
}

async function openNarrow(runtime: NativeRuntime, options: SessionOptions): Promise<Opened> {
  try {
    return await proved(await openQuantisedSession(runtime, options), options.declared);
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

/** The session, if its caches can be had in place; else it is closed. */
async function proved(session: NativeSession, declared: DeclaredShape | undefined): Promise<Opened> {
  const shape = graphShape(session, declared);
  if ('unsupported' in shape) {
    session.close();
    return shape;
  }
  const arena = createKvArena(shape, 64);
  const runner = createNativeRunner(session, shape, arena);
  const apart = createNativeRunner(session, shape, arena, { apart: true });
  const fault = await proveInPlace(runner, apart, shape, arena);
  runner.close();
  apart.close();
  if (fault) {
    session.close();
    return { reason: fault };
  }
  return {
    session: {
      shape,
      inPlace: true,
      runner: (own) => createNativeRunner(session, shape, own),
      close: async () => session.close(),
    },
  };
}
