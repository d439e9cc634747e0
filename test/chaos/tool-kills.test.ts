import { afterAll, beforeAll, expect, test } from 'vitest';
import { terminalLines } from '../../src/contracts/responses/terminal-lines.ts';
import { type Consumer, type JobLease, LeaseEnded } from '../../src/core/job-queue.ts';
import { openRedisConnection } from '../../src/queue/redis/redis-connection.ts';
import { createBullmqQueue } from '../../src/queue/responses/bullmq-queue.ts';
import { loadPrompts } from '../../src/reasoning/prompts.ts';
import { createStrategies } from '../../src/reasoning/strategies/index.ts';
import type { OpenTool } from '../../src/tools/server-tool.ts';
import { runResponse } from '../../src/worker/run-response.ts';
import { createApi, sealer } from '../api/responses/fixture.ts';
import { readAll } from '../support/queue-jobs.ts';
import { redisMissing, startTestRedis } from '../support/redis-server.ts';
import { createScriptedModel } from '../support/scripted-language-model.ts';

/** Where a worker dies: before the call has any effect, with its effect made, or when its result would be written. */
const places = ['before', 'after', 'result'] as const;
type Place = (typeof places)[number];

const missing = redisMissing();
let queue: Awaited<ReturnType<typeof createBullmqQueue>>;
let closeAll = async (): Promise<void> => {};
beforeAll(async () => {
  if (missing) return;
  const redis = await startTestRedis();
  const onError = () => {};
  const connection = await openRedisConnection({ url: redis.url, prefix: '{kills}', onError });
  queue = await createBullmqQueue({ connection, name: 'kills', terminalLines, onError });
  closeAll = async () => {
    await queue.close();
    await connection.close();
    await redis.close();
  };
}, 60_000);
afterAll(() => closeAll(), 60_000);

/** A tool that orders, and workers that take the job one after the other; the first dies in its call. */
async function killedOnce(place: Place, index: number) {
  const made: string[] = [];
  let die = (): void => {};
  let deaths = 0;
  const kill = async (now: Place): Promise<void> => {
    if (deaths > 0 || now !== place) return;
    deaths += 1;
    die();
    // The dead do not go on.
    await new Promise(() => {});
  };
  const open: OpenTool = {
    functions: [
      {
        name: 'shop__order',
        parameters: { type: 'object', properties: { item: { type: 'string' } } },
        shown: { type: 'mcp', server_label: 'shop', name: 'order' },
        pure: false,
        stateful: false,
        needsApproval: false,
      },
    ],
    session: () => ({
      async call(_name, args) {
        await kill('before');
        made.push(String(args['item']));
        await kill('after');
        return { output: `ordered ${args['item']}`, isError: false, durationMs: 1 };
      },
      close: async () => {},
    }),
    close: async () => {},
  };
  const model = createScriptedModel({
    id: 'tiny',
    script: ({ request }) => {
      const results = request.prompt.messages.filter(({ role }) => role === 'tool').length;
      return results >= 2
        ? { thought: 'Done.', answer: 'It is ordered.' }
        : {
            thought: 'I order.',
            answer: '',
            toolCalls: [{ name: 'shop__order', arguments: `{"item":"tea ${results}"}` }],
          };
    },
  });
  const strategies = createStrategies({ prompts: loadPrompts('prompts') });
  const note = () => {};
  const api = createApi({ queue, newId: () => `${place}_${index}` });
  const handler = (isDead: () => boolean) => (lease: JobLease) =>
    runResponse(
      {
        ...lease,
        async append(lines) {
          if (isDead()) throw new LeaseEnded('lost');
          const isResult = lines.some(
            ({ data }) => data['type'] === 'trace_step.done' && 'call' in Object(data['step']),
          );
          if (isResult) await kill('result');
          await lease.append(lines);
        },
      },
      {
        models: new Map([[model.id, model]]),
        strategies,
        effortTable: (id) => api.dependencies.catalog.effortTable(id),
        summarise: () => undefined,
        unseal: sealer.open,
        openTool: async () => open,
        now: Date.now,
        log: { info: note, warn: note, error: note },
      },
    );
  const consumers: Consumer[] = [];
  let dead = 0;
  const next = async (): Promise<void> => {
    const number = consumers.length;
    consumers.push(
      await queue.consume(
        { concurrency: 1, models: ['tiny'] },
        handler(() => number < dead),
      ),
    );
  };
  die = () => {
    dead = consumers.length;
    void consumers.at(-1)?.close({ drainMs: 0 });
    void next();
  };
  await next();
  const tools = [
    { type: 'mcp', server_label: 'shop', server_url: 'https://shop.example/mcp', require_approval: 'never' },
  ];
  const reply = await api.ask({ input: 'Order tea', tools, reasoning: { effort: 'low' }, background: true });
  const { id } = (await reply.json()) as { id: string };
  const lines = await readAll(queue, id);
  await Promise.all(consumers.map((consumer) => consumer.close({ drainMs: 0 })));
  return { made, deaths, lines, model };
}

test.skipIf(missing !== undefined)(
  'a worker that dies in a call: no call is made twice, and each response ends once',
  async () => {
    for (let index = 0; index < 6; index += 1) {
      const place = places[index % places.length] ?? 'after';
      const { made, deaths, lines } = await killedOnce(place, index);
      expect(deaths, `${place} ${index}`).toBe(1);
      expect(new Set(made).size, `${place} ${index}: ${made}`).toBe(made.length);
      expect(lines.filter(({ terminal }) => terminal !== undefined)).toMatchObject([{ terminal: 'completed' }]);
    }
  },
);
