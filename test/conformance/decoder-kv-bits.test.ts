import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createKvArena } from '../../src/models/local/decoder/kv-arena.ts';
import { loadModelFolder } from '../../src/models/local/folder/model-folder.ts';
import { renderPrompt } from '../../src/models/local/folder/render-prompt.ts';
import { calibrationText, driftFrom, likeliestTokens } from '../../src/models/local/graph/kv-calibration.ts';
import {
  type NativeRuntime,
  type NativeSession,
  openNativeRuntime,
} from '../../src/models/local/graph/native-runtime.ts';
import { type DecoderSession, type KvBits, openDecoderSession } from '../../src/models/local/graph/session.ts';

const folder = await loadModelFolder('models/thinkfirst-135m');
const idsOf = (content: string) => renderPrompt(folder, { messages: [{ role: 'user', content }] }, { thinking: false });

// What a machine has proved is kept in the temporary folder: here nothing was proved before.
const temporary = await mkdtemp(join(tmpdir(), 'kv-bits-'));
beforeEach(() => void vi.stubEnv('TMPDIR', join(temporary, randomUUID())));
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(temporary, { recursive: true });
});

const weights = resolve(folder.onnx()?.path ?? '');

async function open(
  kvBits: KvBits,
  change: (runtime: NativeRuntime) => NativeRuntime = (runtime) => runtime,
  path = weights,
): Promise<{ session: DecoderSession; warnings: string[] }> {
  const warnings: string[] = [];
  const session = await openDecoderSession({
    path,
    threads: 2,
    kvBits,
    calibrationIds: () => idsOf(`Today is ${Math.random()}. ${calibrationText}`),
    warn: (message) => warnings.push(message),
    openRuntime: async () => {
      const runtime = await openNativeRuntime();
      return runtime && change(runtime);
    },
  });
  if ('unsupported' in session) throw new Error(session.unsupported);
  return { session, warnings };
}

describe('8-bit caches of the embedded model', () => {
  let narrow: DecoderSession;
  let wide: DecoderSession;
  let graphs = 0;
  beforeAll(async () => {
    wide = (await open(32)).session;
    const opened = await open(8, (runtime) => ({
      ...runtime,
      openGraph(graph, options) {
        graphs += 1;
        return runtime.openGraph(graph, options);
      },
    }));
    expect(opened.warnings).toEqual([]);
    narrow = opened.session;
  });
  afterAll(() => Promise.all([narrow?.close(), wide?.close()]));

  test('come with their scales: nothing is measured at a start, whatever a template adds to the text', () => {
    expect(graphs).toBe(1);
    expect([narrow.shape.cacheType, wide.shape.cacheType]).toEqual(['int8', 'float32']);
  });

  test('leave the processor to others as soon as nothing runs', async () => {
    const ids = await idsOf('Put 82, 58, 38 in order.');
    const runner = narrow.runner(createKvArena(narrow.shape, 64));
    const tokens = ids.slice(0, 24);
    await runner.run({
      place: { offset: 0, capacity: 64 },
      rows: 1,
      tokens,
      length: tokens.length,
      past: [0],
      keep: 1,
    });
    const before = process.cpuUsage();
    // Nothing else of this process runs meanwhile.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    const { user, system } = process.cpuUsage(before);
    runner.close();
    expect((user + system) / 1000).toBeLessThan(20);
  });

  test('say of a text that they were not fitted to what 32 bits say', async () => {
    const ids = await idsOf(
      'Ada walked 5 kilometers on Monday, 9 on Tuesday and 14 on Wednesday. How many is that in all? '.repeat(3),
    );
    const over = (session: DecoderSession) => session.runner(createKvArena(session.shape, ids.length));
    const likeliest = await likeliestTokens(over(wide), wide.shape, ids);
    expect(await driftFrom(likeliest, over(narrow), narrow.shape, ids)).toBeLessThan(0.1);
    const same = await likeliestTokens(over(narrow), narrow.shape, ids);
    const agreeing = same.filter(({ id }, position) => id === likeliest[position]?.id).length;
    expect(agreeing / ids.length).toBeGreaterThan(0.95);
  });

  test("come with each row's distribution, as the logits have it", async () => {
    const ids = await idsOf('Write a poem about an old sailor.');
    const runner = narrow.runner(createKvArena(narrow.shape, 128));
    const call = { place: { offset: 0, capacity: 64 }, rows: 1, tokens: ids, length: ids.length, past: [0], keep: 1 };
    const width = narrow.shape.vocabularySize;
    for (const given of [
      call,
      { ...call, keep: ids.length },
      { ...call, rows: 2, tokens: [ids[3] ?? 0, ids[7] ?? 0], length: 1, past: [ids.length, 0] },
    ]) {
      const logits = await runner.run(given);
      for (let row = 0; row < given.rows; row += 1) {
        const own = logits.slice(((row + 1) * given.keep - 1) * width, (row + 1) * given.keep * width);
        const max = own.reduce((most, logit) => Math.max(most, logit));
        const logSumExp = max + Math.log(own.reduce((sum, logit) => sum + Math.exp(logit - max), 0));
        const selfCertainty = logSumExp - own.reduce((sum, logit) => sum + logit, 0) / width - Math.log(width);
        const told = runner.distribution?.(row);
        expect(told?.max).toBe(max);
        // 5e-6 at most.
        expect(told?.logSumExp).toBeCloseTo(logSumExp, 5);
        expect(told?.selfCertainty).toBeCloseTo(selfCertainty, 5);
      }
    }
    runner.close();
  });

  test('hold the same tokens, fed one by one or in a piece', async () => {
    const ids = (await idsOf('Put 82, 58, 38 in order.')).slice(0, 24);
    const cut = ids.length - 1;
    const cachesAfter = async (piece: number) => {
      const arena = createKvArena(narrow.shape, 64);
      const runner = narrow.runner(arena);
      let logits = new Float32Array(0);
      const feed = async (from: number, to: number) => {
        const tokens = ids.slice(from, to);
        const call = {
          place: { offset: 0, capacity: 64 },
          rows: 1,
          tokens,
          length: tokens.length,
          past: [from],
          keep: 1,
        };
        logits = (await runner.run(call)).slice();
      };
      for (let at = 0; at < cut; at += piece) await feed(at, Math.min(cut, at + piece));
      await feed(cut, ids.length);
      return { logits, buffers: arena.buffers };
    };
    const [single, whole] = [await cachesAfter(1), await cachesAfter(cut)];
    const apart = single.buffers.flatMap((buffer, index) =>
      Array.from(buffer, (value, at) => Math.abs(value - (whole.buffers[index]?.[at] ?? 0))),
    );
    // Steps of 127: the two ways round what comes before differently, a misplaced token is far off.
    expect(apart.reduce((sum, distance) => sum + distance, 0) / apart.length).toBeLessThan(0.5);
    const spread = Math.max(...single.logits.map(Math.abs));
    expect(Math.max(...single.logits.map((logit, id) => Math.abs(logit - (whole.logits[id] ?? 0))))).toBeLessThan(
      0.1 * spread,
    );
  });
});

test('a model without scales is measured and proved once: on two graphs, and later loads run nothing', async () => {
  const own = await mkdtemp(join(temporary, 'model-'));
  try {
    const path = join(own, basename(weights));
    await symlink(weights, path);
    const load = async () => {
      let [graphs, runs] = [0, 0];
      const opened = await open(
        8,
        (runtime) => ({
          ...runtime,
          openGraph(graph, options) {
            graphs += 1;
            const session = runtime.openGraph(graph, options);
            return {
              ...session,
              run(...values) {
                runs += 1;
                session.run(...values);
              },
            };
          },
        }),
        path,
      );
      expect([opened.session.shape.cacheType, opened.warnings]).toEqual(['int8', []]);
      await opened.session.close();
      return { graphs, runs };
    };
    const first = await load();
    expect([first.graphs, first.runs > 0]).toEqual([2, true]);
    expect(await load()).toEqual({ graphs: 1, runs: 0 });
  } finally {
    await rm(own, { recursive: true });
  }
});

test('where onnxruntime refuses them, caches of 32 bits take over after one warning', async () => {
  const { session, warnings } = await open(8, (runtime) => ({
    ...runtime,
    openGraph() {
      throw new Error('onnxruntime: no such kernel');
    },
  }));
  expect(warnings).toEqual([expect.stringContaining('no such kernel')]);
  expect([session.inPlace, session.shape.cacheType]).toEqual([true, 'float32']);
  await session.close();
});

test('where the proof fails with them, caches of 32 bits take over as well', async () => {
  const { session, warnings } = await open(8, (runtime) => ({
    ...runtime,
    openGraph(graph, options) {
      const session = runtime.openGraph(graph, options);
      return { ...session, run: () => {} };
    },
  }));
  expect(warnings).toHaveLength(1);
  expect([session.inPlace, session.shape.cacheType]).toEqual([true, 'float32']);
  await session.close();
});

test('a graph without caches that bits could be saved of is told so, and nothing else', async () => {
  const warnings: string[] = [];
  const withoutCaches = (session: NativeSession) => ({ ...session, inputs: session.inputs.slice(0, 2) });
  const session = await openDecoderSession({
    path: folder.onnx()?.path ?? '',
    threads: 1,
    kvBits: 8,
    calibrationIds: () => idsOf(calibrationText),
    warn: (message) => warnings.push(message),
    openRuntime: async () => {
      const runtime = await openNativeRuntime();
      return (
        runtime && {
          openSession: (...parameters) => withoutCaches(runtime.openSession(...parameters)),
          openGraph: (...parameters) => withoutCaches(runtime.openGraph(...parameters)),
        }
      );
    },
  });
  expect(session).toEqual({ unsupported: expect.stringContaining('cache') });
  expect(warnings).toEqual([]);
});
