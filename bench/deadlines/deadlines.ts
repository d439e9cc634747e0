/**
 * `npm run bench:deadlines [-- --repeats 5]`: how far the real service with the embedded model exceeds
 * `reasoning.deadline_ms`, from sending the request until its response is read completely, for short and long prompts,
 * with and without thinking. The aim is 100 ms plus one decode step; the time of a step on the same machine is printed
 * too.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { dataFolder, startService } from '../../test/support/start-service.ts';

const { values } = parseArgs({ options: { repeats: { type: 'string', default: '5' } } });
const repeats = Number(values.repeats);
const deadlines = [100, 300, 1_000, 3_000];
const efforts = ['none', 'low', 'medium', 'high'];
const inputs = {
  sum: 'What is 132 × 6 + 47 × 3?',
  story: 'Tell a long story about a river and the people who live beside it.',
  'long prompt': `${'The river is wide and slow here, and the boats lie still. '.repeat(200)}How wide is the river?`,
};
const Answer = z.object({
  status: z.string(),
  usage: z.object({ output_tokens: z.number() }),
});

const data = await dataFolder();
const service = await startService('start', { THINKFIRST_DATA: data.path, THINKFIRST_LOG_LEVEL: 'error' });
try {
  const warm = await ask(inputs.story, { effort: 'none' }, 128);
  process.stdout.write(`one decode step: ${(warm.ms / warm.tokens).toFixed(1)} ms, with the request around it\n`);
  process.stdout.write('overrun in ms: median and worst, of requests that were not ended before their deadline\n\n');
  let worst = 0;
  for (const [name, input] of Object.entries(inputs)) {
    for (const deadline_ms of deadlines) {
      const late: number[] = [];
      const statuses = new Set<string>();
      for (const effort of efforts) {
        for (let repeat = 0; repeat < repeats; repeat += 1) {
          const { ms, status } = await ask(input, { effort, deadline_ms }, 2_048);
          statuses.add(status);
          if (ms >= deadline_ms) late.push(ms - deadline_ms);
        }
      }
      late.sort((a, b) => a - b);
      const most = late.at(-1) ?? 0;
      worst = Math.max(worst, most);
      const median = late[Math.floor(late.length / 2)] ?? 0;
      const asked = efforts.length * repeats;
      const row = [name, `${deadline_ms} ms`, `${late.length} of ${asked}`, median.toFixed(0), most.toFixed(0)];
      process.stdout.write(`${row.map((cell) => cell.padEnd(12)).join('')}${[...statuses].join(', ')}\n`);
    }
  }
  process.stdout.write(`\nworst overrun: ${worst.toFixed(0)} ms\n`);
} finally {
  await service.stop();
  await data.remove();
}

async function ask(input: string, reasoning: object, max_output_tokens: number) {
  const begun = performance.now();
  const response = await fetch(new URL('/v1/responses', service.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'thinkfirst-135m', input, reasoning, max_output_tokens }),
  });
  const { status, usage } = Answer.parse(await response.json());
  return { ms: performance.now() - begun, status, tokens: Math.max(1, usage.output_tokens) };
}
