import { type ClientRequest, request } from 'node:http';
import { z } from 'zod';
import type { GenerateRequest } from '../../src/core/language-model.ts';
import { tokenMargins } from '../../src/core/token-ledger.ts';
import { startTestRedis } from '../../test/support/redis-server.ts';
import { dataFolder, startService, type TestService } from '../../test/support/start-service.ts';
import { type Figure, figureOf, median } from './figure.ts';
import { decodeRate, type Ours, openOurs, promptOf, requestOf, timed } from './ours.ts';

const thinkingTokens = 120;
const answerTokens = 48;
const question = 'Compare the train, the bus and the car for a journey of five hundred kilometres.';

/** One request: when it was sent, when its first and its last token were seen, and how many were sampled. ms. */
type Run = { sentAt: number; firstAt: number; lastAt: number; endedAt: number; thinking: number; tokens: number };

/**
 * What a request through API, queue and worker sees of the decoder's tokens per second: one chain of 120 tokens of thought
 * and its answer. The bare decoder runs the same prompt with the same draws, in turns with the service.
 */
export async function wholeWay(rounds: number): Promise<Figure[]> {
  // With guesses, as the service has them.
  const ours = await openOurs(256, undefined, true);
  const embedded = await startEmbedded();
  const overRedis = await startOverRedis();
  const runs = { decoder: [] as Run[], plain: [] as number[], embedded: [] as Run[], redis: [] as Run[] };
  try {
    for (let round = 0; round <= rounds; round += 1) {
      const plain = decodeRate(await timed(ours, requestOf(ours, promptOf(104, 900 + round), 48)));
      const decoder = whole(await bareRun(ours, round));
      const near = whole(await serviceRun(embedded.url, ours, round));
      const far = whole(await serviceRun(overRedis.url, ours, round));
      if (round === 0) continue; // warms up
      runs.plain.push(plain);
      runs.decoder.push(decoder);
      runs.embedded.push(near);
      runs.redis.push(far);
    }
  } finally {
    await embedded.stop();
    await overRedis.stop();
    await ours.model.close();
  }
  const bare = median(runs.decoder.map(rateOf));
  const wholeBare = median(runs.decoder.map(wholeRateOf));
  return (['embedded', 'redis'] as const).flatMap((queue) => {
    const rate = median(runs[queue].map(rateOf));
    const wholeRate = median(runs[queue].map(wholeRateOf));
    const [first, end] = [median(runs[queue].map(untilFirst)), median(runs[queue].map(afterLast))];
    const detail = `${rate.toFixed(0)} tokens/s, decoder ${bare.toFixed(0)} (greedy, without a thought: ${median(runs.plain).toFixed(0)})`;
    return [
      figureOf(`whole way, ${queue}`, rate / bare, { atLeast: 0.9 }, detail),
      figureOf(
        `whole way, ${queue}, with prompt, queue and end`,
        wholeRate / wholeBare,
        { atLeast: 0.8 },
        `${wholeRate.toFixed(0)} tokens/s from request to end, decoder ${wholeBare.toFixed(0)}; first token after ${first.toFixed(0)} ms (decoder ${median(runs.decoder.map(untilFirst)).toFixed(0)}), end ${end.toFixed(0)} ms after the last`,
      ),
    ];
  });
}

function newRun(): Run {
  const unknown = Number.NaN;
  return { sentAt: performance.now(), firstAt: unknown, lastAt: unknown, endedAt: unknown, thinking: 0, tokens: 0 };
}

/** @throws Error if it has thought less than it was to */
function whole(run: Run): Run {
  if (run.thinking >= 0.9 * thinkingTokens) return run;
  throw new Error(`expected ${thinkingTokens} tokens of thought, got ${run.thinking}`);
}

/** Tokens per second between the first and the last. */
function rateOf({ tokens, firstAt, lastAt }: Run): number {
  return ((tokens - 1) * 1000) / (lastAt - firstAt);
}

const untilFirst = ({ sentAt, firstAt }: Run): number => firstAt - sentAt;
const afterLast = ({ lastAt, endedAt }: Run): number => endedAt - lastAt;

function wholeRateOf({ tokens, sentAt, endedAt }: Run): number {
  return (tokens * 1000) / (endedAt - sentAt);
}

async function bareRun(ours: Ours, round: number): Promise<Run> {
  const thinking: GenerateRequest = requestOf(
    ours,
    { messages: [{ role: 'user', content: asked(round) }] },
    answerTokens,
    {
      thinking: { budgetTokens: thinkingTokens },
      sampling: samplingOf(ours, round),
    },
  );
  const run = newRun();
  for await (const event of ours.model.generate(thinking, { signal: new AbortController().signal })) {
    if (event.type === 'thinking-delta' && Number.isNaN(run.firstAt)) run.firstAt = performance.now();
    if (event.type !== 'finish') continue;
    run.lastAt = performance.now();
    run.thinking = event.usage.thinkingTokens;
    run.tokens = run.thinking + event.usage.answerTokens;
  }
  return { ...run, endedAt: run.lastAt };
}

function asked(round: number): string {
  return `${900 + round}. ${question}`;
}

function samplingOf({ folder: { tokens } }: Ours, round: number) {
  // Neither thought nor answer ends by itself, so each has all the tokens that it may have.
  const ends = [...tokens.end, ...(tokens.close === undefined ? [] : [tokens.close])];
  return { temperature: 1, topP: 0.95, seed: round, logitBias: Object.fromEntries(ends.map((id) => [id, -100])) };
}

const Event = z.looseObject({
  type: z.string(),
  response: z
    .looseObject({
      usage: z.looseObject({ phases: z.looseObject({ think: z.number(), answer: z.number() }) }).nullish(),
    })
    .optional(),
});

function serviceRun(url: string, ours: Ours, round: number): Promise<Run> {
  const { temperature, topP, seed, logitBias } = samplingOf(ours, round);
  const body = {
    input: asked(round),
    stream: true,
    include: ['reasoning.text'],
    reasoning: {
      effort: 'low',
      budget_tokens: thinkingTokens,
      answer_reserve_tokens: answerTokens,
      samples: 1,
      compute: 'off',
      checks_only: true,
    },
    max_output_tokens: thinkingTokens + answerTokens + tokenMargins.handOver,
    temperature,
    top_p: topP,
    seed,
    logit_bias: logitBias,
  };
  const run = newRun();
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const sent: ClientRequest = request(`${url}/v1/responses`, { method: 'POST', headers }, (response) => {
      let rest = '';
      response.on('data', (chunk: Buffer) => {
        const now = performance.now();
        const blocks = (rest + chunk.toString()).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) {
          const data = /^data: (\{.*)$/m.exec(block)?.[1];
          if (data === undefined) continue;
          const { type, response: state } = Event.parse(JSON.parse(data));
          if (type === 'response.reasoning_text.delta' && Number.isNaN(run.firstAt)) run.firstAt = now;
          if (type === 'response.reasoning_text.done') run.lastAt = now;
          if (type === 'response.completed' || type === 'response.incomplete') {
            run.endedAt = now;
            run.thinking = state?.usage?.phases.think ?? 0;
            run.tokens = run.thinking + (state?.usage?.phases.answer ?? 0);
          }
        }
      });
      response.on('end', () => resolve(run));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });
}

type Started = { url: string; stop(): Promise<void> };

async function startEmbedded(): Promise<Started> {
  const data = await dataFolder();
  const service = await startService('start', { THINKFIRST_DATA: data.path });
  return {
    url: service.url,
    async stop() {
      await service.stop();
      await data.remove();
    },
  };
}

async function startOverRedis(): Promise<Started> {
  const redis = await startTestRedis();
  const data = await dataFolder();
  const both = { REDIS_URL: redis.url, THINKFIRST_DATA: data.path };
  const halves: TestService[] = [await startService('worker', both), await startService('serve', both)];
  return {
    url: halves[1]?.url ?? '',
    async stop() {
      for (const half of halves) await half.stop();
      await redis.close();
      await data.remove();
    },
  };
}
