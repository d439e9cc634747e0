import { setTimeout } from 'node:timers/promises';
import { renderPrompt } from '../../src/models/local/folder/render-prompt.ts';
import { type Figure, figureOf, median } from './figure.ts';
import type { Reference } from './generate.ts';
import { decodeRate, type Ours, openOurs, promptOf, requestOf, type Timed, timed } from './ours.ts';
import { createRandom } from './random.ts';

const samples = 8;
const sampleTokens = 256;

/** Eight samples of one prompt compared with eight runs of `generate()`, in wall time. */
export async function eightSamples(ours: Ours, generate: Reference): Promise<Figure[]> {
  const cases = [
    { name: 'eight samples of 256 tokens', promptTokens: 40, aim: 0.12, salt: 100 },
    { name: 'eight samples, 1,000-token prompt', promptTokens: 1000, aim: 0.25, salt: 200 },
  ];
  const figures: Figure[] = [];
  for (const { name, promptTokens, aim, salt } of cases) {
    const prompt = promptOf(promptTokens, salt);
    const ids = await renderPrompt(ours.folder, prompt, { thinking: false });
    const own = await sampleTime(ours, prompt);
    const startedAt = performance.now();
    for (let run = 0; run < samples; run += 1) await generate.run(ids, sampleTokens);
    const theirs = performance.now() - startedAt;
    let detail = `${(own / 1000).toFixed(1)} s, generate() ${(theirs / 1000).toFixed(1)} s, cache cap 256 MiB`;
    if (promptTokens > 500) {
      const roomy = await openOurs(640);
      const fits = await sampleTime(roomy, prompt);
      await roomy.model.close();
      detail += `; with 640 MiB, where all eight fit at once: ${(fits / theirs).toFixed(3)}`;
    }
    figures.push(figureOf(name, own / theirs, { atMost: aim }, detail));
  }
  return figures;
}

async function sampleTime(ours: Ours, prompt: Parameters<typeof requestOf>[1]): Promise<number> {
  const request = requestOf(ours, prompt, sampleTokens, { samples });
  request.sampling = { ...request.sampling, temperature: 0.7, topP: 0.95, seed: 1 };
  const result = await timed(ours, request);
  const expected = samples * sampleTokens;
  // A sample that begins to repeat itself is stopped a little earlier.
  if (result.tokens < 0.9 * expected) throw new Error(`expected ${expected} tokens, got ${result.tokens}`);
  return ((result.lastAt - result.startedAt) * expected) / result.tokens;
}

/**
 * Sixteen requests that arrive at random times compared with one after the other, in tokens per second, including
 * reading prompts. `detail` also has the rate of one sequence without its prompt.
 */
export async function randomArrivals(ours: Ours, rounds: number): Promise<Figure> {
  const tokens = 128;
  const requests = 16;
  const single: number[] = [];
  const decoding: number[] = [];
  const many: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const random = createRandom(round + 1);
    const request = (index: number, salt: number) => requestOf(ours, promptOf(24 + 8 * (index % 8), salt), tokens);
    // Eight of the sixteen have each prompt length once.
    const alone: Timed[] = [];
    for (let index = 0; index < 8; index += 1) {
      alone.push(await timed(ours, request(index, 300 + round * 8 + index)));
    }
    single.push(tokensPerSecond(alone));
    decoding.push(median(alone.map(decodeRate)));
    many.push(
      tokensPerSecond(
        await Promise.all(
          Array.from({ length: requests }, async (_, index) => {
            await setTimeout(random() * 400);
            return timed(ours, request(index, 400 + round * requests + index));
          }),
        ),
      ),
    );
  }
  const [one, all] = [median(single), median(many)];
  return figureOf(
    '16 requests at random, against one row',
    all / one,
    { atLeast: 3.5 },
    `${all.toFixed(0)} tokens/s, one row ${one.toFixed(0)}, ${median(decoding).toFixed(0)} once its prompt is read`,
  );
}

/** From the first start to the last token. */
function tokensPerSecond(runs: readonly Timed[]): number {
  const total = runs.reduce((sum, { tokens }) => sum + tokens, 0);
  const from = Math.min(...runs.map(({ startedAt }) => startedAt));
  return (total * 1000) / (Math.max(...runs.map(({ lastAt }) => lastAt)) - from);
}

/** Time to the first token of a second turn compared with the first turn. */
export async function secondTurn(ours: Ours, rounds: number): Promise<Figure> {
  const ratios: number[] = [];
  let detail = '';
  for (let round = 0; round < rounds; round += 1) {
    const first = promptOf(1000, 600 + round);
    const one = await timed(ours, requestOf(ours, first, 16));
    const reply = 'I see seven birds in an old tree.';
    const two = await timed(
      ours,
      requestOf(
        ours,
        {
          messages: [
            ...first.messages,
            { role: 'assistant', content: reply },
            { role: 'user', content: 'And how many foxes?' },
          ],
        },
        4,
      ),
    );
    ratios.push((two.firstAt - two.startedAt) / (one.firstAt - one.startedAt));
    detail = `${(two.firstAt - two.startedAt).toFixed(0)} ms, first turn ${(one.firstAt - one.startedAt).toFixed(0)} ms, ${two.cached} tokens cached`;
  }
  return figureOf('second turn, time to first token', median(ratios), { atMost: 0.15 }, detail);
}
