/**
 * What computed values cost on a server: answers questions at effort low, one after the other, and prints of each chain how
 * many values it has, how many calls it made, and the share of its wall time between the last token before a value and the
 * first one behind it. README.md in this folder explains how to start a server.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { readQuestionSet } from '../../eval/question-set.ts';
import { runInProcess } from '../../eval/run-in-process.ts';
import type { ModelEvent } from '../../src/core/language-model.ts';
import { readEffortTable } from '../../src/models/config/effort-tables.ts';
import { parseModelEntries } from '../../src/models/config/model-config.ts';
import { createOpenaiModel } from '../../src/models/servers/openai-model.ts';
import { loadPrompts } from '../../src/reasoning/prompts.ts';
import { createStrategies } from '../../src/reasoning/strategies/index.ts';

const { values } = parseArgs({
  options: {
    entry: { type: 'string' },
    rows: { type: 'string', default: '301-305' },
    calls: { type: 'boolean', default: false },
  },
});
const entry = z.string('--entry JSON: the entry of a server, as in thinkfirst.config.json').parse(values.entry);
const [config] = parseModelEntries([JSON.parse(entry)], () => undefined);
if (config?.kind !== 'upstream') throw new Error('--entry must be the entry of a server');

type Call = { route: string; at: number; first: number; end: number; timings: Record<string, number> };
let calls: Call[] = [];

/** Passes on what the server sends, and notes when. */
const timedFetch: typeof fetch = async (input, init) => {
  const url = new URL(String(input instanceof Request ? input.url : input));
  const call: Call = { route: url.pathname, at: performance.now(), first: 0, end: 0, timings: {} };
  calls.push(call);
  const answer = await fetch(input, init);
  let text = '';
  const decoder = new TextDecoder();
  const noted = answer.body?.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        call.first ||= performance.now();
        call.end = performance.now();
        text = (text + decoder.decode(chunk, { stream: true })).slice(-4_000);
        const [, timings] = /.*"timings":(\{[^}]*\})/s.exec(text) ?? [];
        if (timings !== undefined) call.timings = JSON.parse(timings);
        controller.enqueue(chunk);
      },
    }),
  );
  return new Response(noted ?? null, { status: answer.status, headers: answer.headers });
};

const model = createOpenaiModel(config, { fetch: timedFetch, warn: (line) => console.error(line) });
const seen: Array<{ at: number; value: boolean }> = [];
const watched = {
  ...model,
  capabilities: { ...model.capabilities, compute: true, computesByDefault: true as const },
  async *generate(...given: Parameters<typeof model.generate>): AsyncGenerator<ModelEvent, void, void> {
    for await (const event of model.generate(...given)) {
      seen.push({ at: performance.now(), value: event.type === 'thinking-delta' && event.expression !== undefined });
      yield event;
    }
  },
};
const table = readEffortTable(config.id, undefined, config.family);
const strategies = createStrategies({ prompts: loadPrompts('prompts') });
const { strategy, budget_tokens } = table.levels.low;
const set = await readQuestionSet({ set: 'gsm8k-dev', rows: values.rows });
const all = { ms: 0, around: 0, values: 0, requests: 0 };
for (const { question, row } of set.questions) {
  calls = [];
  seen.length = 0;
  const startedAt = performance.now();
  await runInProcess({
    question,
    model: watched,
    strategies,
    table,
    effective: { effort: 'low', strategy, budget_tokens, samples: 1, max_revisions: 0 },
    seed: row,
    now: Date.now,
  });
  const ms = performance.now() - startedAt;
  let around = 0;
  seen.forEach(({ value }, index) => {
    if (value) around += (seen[index + 1]?.at ?? 0) - (seen[index - 1]?.at ?? 0);
  });
  const found = seen.filter(({ value }) => value).length;
  const decoding = calls.filter(({ route }) => route.endsWith('/completion'));
  all.ms += ms;
  all.around += around;
  all.values += found;
  all.requests += decoding.length;
  const sum = (name: string) => decoding.reduce((total, { timings }) => total + (timings[name] ?? 0), 0);
  console.log(
    `row ${row}: ${ms.toFixed(0)} ms, ${found} values in ${decoding.length} requests, ${around.toFixed(0)} ms around them (${((100 * around) / ms).toFixed(0)} %); ` +
      `server: prompt ${sum('prompt_n')} tokens in ${sum('prompt_ms').toFixed(0)} ms, ${sum('predicted_n')} tokens in ${sum('predicted_ms').toFixed(0)} ms`,
  );
  if (values.calls) {
    for (const { route, at, first, end, timings } of calls) {
      const { cache_n, prompt_n, prompt_ms, predicted_n, predicted_ms } = timings;
      const times = [at - startedAt, first - startedAt, end - startedAt].map((time) => time.toFixed(0)).join(' ');
      console.log(
        `  ${route} ${times} cache ${cache_n} prompt ${prompt_n} ${prompt_ms} ms predicted ${predicted_n} ${predicted_ms} ms`,
      );
    }
  }
}
console.log(
  `${set.questions.length} chains: ${all.values} values, ${all.requests} requests; around values ${((100 * all.around) / all.ms).toFixed(1)} % of ${(all.ms / 1000).toFixed(1)} s`,
);
await model.close();
