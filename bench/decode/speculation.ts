import type { GenerateRequest } from '../../src/core/language-model.ts';
import { createEngineModel, type EngineModel } from '../../src/models/local/decoder/decoder-model.ts';
import { createEngine } from '../../src/models/local/decoder/engine.ts';
import { createKvArena } from '../../src/models/local/decoder/kv-arena.ts';
import { openDecoderSession } from '../../src/models/local/graph/session.ts';
import { type Figure, figureOf, median } from './figure.ts';
import { type Ours, threads } from './ours.ts';

type Case = { content: string; budget?: number };

const shopping = ['apples', 'brown rice', 'olive oil', 'candles', 'green tea', 'soap', 'paper bags', 'light bulbs'];
const list = shopping.map((item, index) => `- ${item}: ${index + 2}`).join('\n');
const code = `def total(items):
    result = 0
    for item in items:
        result = result + item.price * item.count
    return result

def average(items):
    if len(items) == 0:
        return 0
    return total(items) / len(items)`;
const report = `The library in Ansan opens at nine in the morning and closes at six in the evening. On Mondays it is closed.
Readers may borrow up to seven books for two weeks. A fine of 100 won is due for each day after that. The reading room on
the second floor has forty seats, and the children's room on the first floor has twenty. Last year 12,480 readers borrowed
91,300 books, which is 4 per cent more than in the year before.`;

/** Texts that say again what is there, and texts that don't. The same seeds with guesses and plain. */
const sets: Record<'repeats' | 'new', Case[]> = {
  repeats: [
    { content: `Here is a list:\n${list}\nWrite the same list again, with 3 candles in place of 5.` },
    { content: `Here is some Python:\n${code}\nRewrite the code with the name "amount" in place of "result".` },
    { content: `${report}\n\nSummarize the text above in three sentences.` },
    { content: `${report}\n\nCorrect the text above: the library opens at eight. Give the whole text.` },
    {
      content: `Compare A and B.\nA:\n${list}\nB:\n${list.replace('soap', 'salt')}\nSay for each line if it is the same.`,
    },
    { content: 'Which of 17.25, 17.3, 17.205 and 17.19 is the largest? Compare each two of them.', budget: 200 },
    { content: 'A shop sells 12 boxes of 8 pens on each of 6 days. How many pens does it sell in all?', budget: 200 },
  ],
  new: [
    { content: 'Tell a story about a fox and an old tree.' },
    { content: 'Why is the sky blue?' },
    { content: 'Describe the city of Seoul to a child.' },
    { content: 'What should I know before I buy a bicycle?' },
    { content: 'Explain how bread is made.' },
    { content: 'Write a letter to a friend about a day at the sea.' },
  ],
};

/** Tokens/s of one sequence with guesses from the text at hand, against without: of each round, all texts together. */
export async function speculation({ folder }: Pick<Ours, 'folder'>, rounds: number): Promise<Figure[]> {
  const { models, close } = await openBoth(folder);
  const figures: Figure[] = [];
  for (const [name, cases] of Object.entries(sets)) {
    const ratios: number[] = [];
    const sums = cases.map(() => ({ tokens: 0, on: 0, off: 0 }));
    let [same, texts] = [0, 0];
    const before = models.on.stats();
    for (let round = 0; round <= rounds; round += 1) {
      let [on, off] = [0, 0];
      for (const [index, one] of cases.entries()) {
        const request = requestFor(one, 100 * index + round);
        // Each goes first equally often.
        const order = (round + index) % 2 === 0 ? (['on', 'off'] as const) : (['off', 'on'] as const);
        const found = new Map<string, Written>();
        for (const way of order) found.set(way, await written(models[way], request));
        const [guessing, plain] = [found.get('on'), found.get('off')];
        if (round === 0 || guessing === undefined || plain === undefined) continue; // warms up
        texts += 1;
        if (guessing.ids.join() === plain.ids.join()) same += 1;
        on += guessing.milliseconds;
        off += plain.milliseconds;
        const sum = sums[index];
        if (sum === undefined) continue;
        sum.tokens += plain.ids.length - 1;
        sum.on += guessing.milliseconds;
        sum.off += plain.milliseconds;
      }
      if (round > 0) ratios.push(off / on);
    }
    const { guessed, accepted } = models.on.stats();
    const rate = (tokens: number, milliseconds: number) => ((tokens * 1000) / milliseconds).toFixed(0);
    const each = sums.map(({ tokens, on, off }) => `${rate(tokens, on)}/${rate(tokens, off)}`).join(', ');
    figures.push(
      figureOf(
        `guesses, text that ${name === 'repeats' ? 'repeats' : 'does not repeat'}`,
        median(ratios),
        { atLeast: name === 'repeats' ? 1.3 : 0.98 },
        `tokens/s with/without: ${each}; worst round ${Math.min(...ratios).toFixed(2)}; ${accepted - before.accepted} of ${guessed - before.guessed} guessed tokens came; ${same} of ${texts} texts the same`,
      ),
    );
  }
  await close();
  return figures;
}

/** Two decode loops over one session, so that nothing else differs. */
async function openBoth(folder: Ours['folder']) {
  const path = folder.onnx()?.path ?? '';
  const warn = (message: string) => console.error(message);
  const session = await openDecoderSession({ path, threads, kvBits: 8, calibrationIds: async () => [], warn });
  if ('unsupported' in session) throw new Error(session.unsupported);
  const open = (speculates: boolean) => {
    const arena = createKvArena(session.shape, 4096);
    const engine = createEngine({ runner: session.runner(arena), arena, speculates });
    return createEngineModel({ folder, now: Date.now, engine }, async () => {});
  };
  const models = { on: open(session.equalTogether), off: open(false) };
  const close = async () => {
    for (const model of Object.values(models)) await model.close();
    await session.close();
  };
  return { models, close };
}

function requestFor({ content, budget }: Case, seed: number): GenerateRequest {
  return {
    prompt: { messages: [{ role: 'user', content }] },
    samples: 1,
    ...(budget !== undefined && { thinking: { budgetTokens: budget, computeTokens: 60 } }),
    answer: { maxTokens: 160 },
    sampling: { temperature: 0.6, topP: 0.95, seed },
    deterministic: false,
  };
}

type Written = { ids: number[]; milliseconds: number };

/** A text's ids, and the time from the first to the last of them. */
async function written(model: EngineModel, request: GenerateRequest): Promise<Written> {
  const ids: number[] = [];
  let [firstAt, lastAt] = [0, 0];
  for await (const event of model.generate(request, { signal: new AbortController().signal })) {
    if (event.type !== 'answer-delta' && event.type !== 'thinking-delta') continue;
    if (event.tokenIds.length === 0) continue;
    ids.push(...event.tokenIds);
    lastAt = performance.now();
    if (firstAt === 0) firstAt = lastAt;
  }
  return { ids, milliseconds: lastAt - firstAt };
}
