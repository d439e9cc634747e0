import { Redis } from 'ioredis';
import { Response } from '../../src/contracts/responses/response.ts';
import { terminalLines } from '../../src/contracts/responses/terminal-lines.ts';
import { readEffortTable } from '../../src/models/config/effort-tables.ts';
import { createRedisQueue } from '../../src/queue/redis/redis-queue.ts';
import { loadPrompts } from '../../src/reasoning/prompts.ts';
import { createStrategies } from '../../src/reasoning/strategies/index.ts';
import { runResponse } from '../../src/worker/run-response.ts';
import { createApi, table } from '../../test/api/responses/fixture.ts';
import { startTestRedis } from '../../test/support/redis-server.ts';
import { createScriptedModel } from '../../test/support/scripted-language-model.ts';

/**
 * How much memory one finished response takes in Redis, by kind: with the API's own job, the worker's own log, and a
 * scripted model that writes as much as the embedded one. `npm run bench:redis-memory`; uses its own Redis and takes
 * less than a minute on a quiet machine.
 */
const responses = 40;
const question = 'A train leaves at 14:20 and takes 3 hours and 45 minutes. When does it arrive? '.repeat(3);
const line =
  '132 × 6 = 100 × 6 + 30 × 6 + 2 × 6 = 600 + 180 + 12 = 792. Check the last digit: 2 × 6 = 12, so it ends in 2.\n';
const kinds = [
  { name: 'fast, 8 tokens', body: { mode: 'fast' }, thought: '', answer: (_: number) => 'The answer is 792.' },
  {
    name: 'medium, a confident chain',
    body: { reasoning: { effort: 'medium' } },
    thought: line.repeat(2),
    answer: (_: number) => 'The answer is 792.',
  },
  {
    name: 'high, waves of chains that disagree',
    body: { reasoning: { effort: 'high' } },
    thought: line.repeat(2),
    answer: (sample: number) => `The answer is ${792 + sample}.`,
  },
  {
    name: 'fast, 500 tokens, streamed word by word',
    body: { mode: 'fast', max_output_tokens: 1000 },
    thought: '',
    answer: (_: number) => 'word '.repeat(500).trim(),
  },
];

const redis = await startTestRedis();
const probe = new Redis(redis.url);
for (const { name, body, thought, answer } of kinds) {
  await probe.flushall();
  const { before, after, tokens, seconds } = await run({ body, thought, answer });
  const each = ((after.bytes - before.bytes) / responses / 1024).toFixed(1);
  const commands = ((after.commands - before.commands) / responses).toFixed(0);
  const thinking = (tokens / responses).toFixed(0);
  const pace = (responses / seconds).toFixed(0);
  process.stdout.write(
    `${name}: ${each} kB and ${commands} commands each in Redis, ${thinking} output tokens each, ${pace} responses/s here\n`,
  );
}
probe.disconnect();
await redis.close();

async function figures(): Promise<{ bytes: number; commands: number }> {
  const number = (info: string, field: string) => Number(new RegExp(`${field}:(\\d+)`).exec(info)?.[1]);
  return {
    bytes: number(await probe.info('memory'), 'used_memory'),
    commands: number(await probe.info('stats'), 'total_commands_processed'),
  };
}

async function run({ body, thought, answer }: Pick<(typeof kinds)[number], 'body' | 'thought' | 'answer'>) {
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const queue = await createRedisQueue({ url: redis.url, prefix: 'bench', terminalLines, log: quiet });
  let calls = 0;
  const model = createScriptedModel({
    id: 'tiny',
    script: ({ sample }) => ({ thought, answer: answer(sample + calls++) }),
  });
  const strategies = createStrategies({ prompts: loadPrompts('prompts') });
  const effortTable = () => readEffortTable('thinkfirst-135m');
  await queue.consume({ concurrency: 8, models: ['tiny'] }, (lease) =>
    runResponse(lease, {
      models: new Map([['tiny', model]]),
      strategies,
      effortTable,
      summarise: () => '',
      now: Date.now,
      log: quiet,
    }),
  );
  const { ask, dependencies } = createApi({ queue, now: Date.now, newId: () => crypto.randomUUID() });
  const catalog = { ...dependencies.catalog, effortTable: () => ({ ...table, ...effortTable() }) };
  Object.assign(dependencies, { catalog });
  const some = (count: number) => Promise.all(Array.from({ length: count }, () => ask({ input: question, ...body })));
  // Creates connections, scripts and queues, which exist once, however many responses follow.
  await some(8);
  const before = await figures();
  const startedAt = performance.now();
  let tokens = 0;
  for (let done = 0; done < responses; done += 20) {
    for (const response of await some(20)) tokens += Response.parse(await response.json()).usage?.output_tokens ?? 0;
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await figures();
  await queue.close();
  return { before, after, tokens, seconds };
}
