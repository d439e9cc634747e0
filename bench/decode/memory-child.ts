import type { GenerateRequest } from '../../src/core/language-model.ts';
import type { MemoryResult, MemoryTask } from './memory.ts';
import { type Ours, openOurs, promptOf, requestOf, timed } from './ours.ts';
import { createRandom } from './random.ts';

const capMegabytes = 256;
const task: MemoryTask = JSON.parse(process.argv[2] ?? '{}');
const ours = await openOurs(capMegabytes);
const result: MemoryResult = {
  rss: 0,
  rssEarly: 0,
  weights: ours.folder.onnx()?.bytes ?? 0,
  cap: capMegabytes * 2 ** 20,
  requests: 0,
};
if (task.task === 'batch') {
  // Twice, so that cached sequences fill what the running ones leave of the limit.
  for (let round = 0; round < 2; round += 1) {
    await Promise.all(
      Array.from({ length: 16 }, (_, index) => timed(ours, requestOf(ours, promptOf(128, round * 16 + index), 120))),
    );
  }
  result.rss = process.memoryUsage.rss();
} else {
  await soak(ours, task.requests, result);
}
process.send?.(result, () => process.exit(0));

/** Requests of all kinds, sixteen at a time. */
async function soak(model: Ours, requests: number, out: MemoryResult): Promise<void> {
  const early = Math.min(1000, requests / 10);
  const random = createRandom(1);
  let started = 0;
  let done = 0;
  const one = async () => {
    while (started < requests) {
      const request = mixed(model, started, random);
      started += 1;
      if (started % 7 === 0) await cancelled(model, request);
      else if (started % 5 === 0) {
        const continuations = ['Yes.', 'No.'];
        await model.model.score({ prompt: request.prompt, continuations }, { signal: new AbortController().signal });
      } else await timed(model, request);
      done += 1;
      if (done === early) out.rssEarly = process.memoryUsage.rss();
    }
  };
  await Promise.all(Array.from({ length: 16 }, one));
  out.rss = process.memoryUsage.rss();
  out.requests = requests;
}

function mixed(model: Ours, index: number, random: () => number): GenerateRequest {
  const prompt = promptOf(16 + Math.floor(random() * (index % 50 === 0 ? 600 : 40)), index);
  const request = requestOf(model, prompt, 1 + Math.floor(random() * 6), {
    samples: 1 + (index % 3),
    ...(index % 2 === 0 && { thinking: { budgetTokens: 1 + Math.floor(random() * 10) } }),
    deterministic: index % 11 === 0,
  });
  request.sampling = { ...request.sampling, temperature: index % 4 === 0 ? 0 : 0.8, topP: 0.95, seed: index };
  if (index % 13 === 0) request.answer.constraint = { type: 'choice', choices: ['red', 'green', 'blue'] };
  return request;
}

async function cancelled(model: Ours, request: GenerateRequest): Promise<void> {
  for await (const _event of model.model.generate(request, { signal: new AbortController().signal })) return;
}
