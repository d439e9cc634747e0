import { renderPrompt } from '../../src/models/local/folder/render-prompt.ts';
import { type Figure, figureOf, median, skipped } from './figure.ts';
import type { Reference } from './generate.ts';
import { decodeRate, type Ours, promptOf, requestOf, timed } from './ours.ts';

const contexts = [
  { length: 128, generate: 1.3, llama: 1.4 },
  { length: 1024, generate: 2.3, llama: 1.4 },
  { length: 4096, generate: 3, llama: 1 },
];
/** How many tokens are decoded at each context; the named context is in the middle. */
const tokens = 48;

/** Tokens per second of one sequence. Rounds alternate, so that other load on the machine affects all equally. */
export async function singleRow(
  ours: Ours,
  generate: Reference,
  llama: Reference | { missing: string },
  rounds: number,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const context of contexts) {
    const rates = { ours: [] as number[], generate: [] as number[], llama: [] as number[] };
    for (let round = 0; round <= rounds; round += 1) {
      const prompt = promptOf(context.length - tokens / 2, round);
      const ids = await renderPrompt(ours.folder, prompt, { thinking: false });
      const own = decodeRate(await timed(ours, requestOf(ours, prompt, tokens)));
      const plain = decodeRate(await generate.run(ids, tokens));
      const other = 'missing' in llama ? Number.NaN : decodeRate(await llama.run(ids, tokens));
      if (round === 0) continue; // warms up
      rates.ours.push(own);
      rates.generate.push(plain);
      rates.llama.push(other);
    }
    const [own, plain, other] = [median(rates.ours), median(rates.generate), median(rates.llama)];
    const detail = (rate: number, name: string) => `${own.toFixed(0)} tokens/s, ${name} ${rate.toFixed(0)}`;
    const name = `one row, context ${context.length}`;
    figures.push(
      figureOf(`${name}, against generate()`, own / plain, { atLeast: context.generate }, detail(plain, 'generate()')),
    );
    figures.push(
      'missing' in llama
        ? skipped(`${name}, against llama.cpp`, { atLeast: context.llama }, llama.missing)
        : figureOf(`${name}, against llama.cpp`, own / other, { atLeast: context.llama }, detail(other, 'llama.cpp')),
    );
  }
  return figures;
}
