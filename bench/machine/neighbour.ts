import { type Figure, median, skipped } from '../decode/figure.ts';
import { decodeRate, openOurs, promptOf, requestOf, timed } from '../decode/ours.ts';
import { besideBusyProgram, figureOfRounds } from './processes.ts';

const tokens = 64;
const rowCounts = [1, 8];
/** A fair share of the machine is a half; threads that wait for each other get less. */
const aim = { atLeast: 0.45 };

/** Decodes `tokens` tokens of each row. @returns tokens/s of all rows together */
type Decoder = (rows: number, salt: number) => Promise<number>;

/** Tokens per second beside a program that keeps every core busy, relative to the quiet machine. */
export async function besideNeighbour(options: { rounds: number; llama: string | undefined }): Promise<Figure[]> {
  const ours = await openOurs();
  const own: Decoder = async (rows, salt) => {
    const done = await timed(ours, requestOf(ours, promptOf(100, salt), tokens, { samples: rows }));
    return rows === 1 ? decodeRate(done) : ((done.tokens - rows) * 1000) / (done.lastAt - done.firstAt);
  };
  const decoders = new Map<string, Decoder>([['ours', own]]);
  const { llama } = options;
  if (llama !== undefined) decoders.set('llama.cpp', (rows, salt) => llamaRate(llama, { rows, salt }));
  try {
    const figures = await compare(decoders, options.rounds);
    const missing = rowCounts.map((rows) => skipped(nameOf('llama.cpp', rows), aim, 'no server: --llama URL'));
    return llama === undefined ? [...figures, ...missing] : figures;
  } finally {
    await ours.model.close();
  }
}

const nameOf = (decoder: string, rows: number) =>
  `${decoder}, ${rows === 1 ? 'one row' : `${rows} rows`}, beside a busy program`;

async function compare(decoders: ReadonlyMap<string, Decoder>, rounds: number): Promise<Figure[]> {
  const cases = [...decoders].flatMap(([name, decode]) =>
    rowCounts.map((rows) => ({ name: nameOf(name, rows), decode, rows, quiet: [] as number[], busy: [] as number[] })),
  );
  let salt = 0;
  const each = async (kind: 'quiet' | 'busy') => {
    for (const one of cases) {
      salt += 1;
      one[kind].push(await one.decode(one.rows, salt));
    }
  };
  await each('quiet'); // warms up
  for (const one of cases) one.quiet = [];
  for (let round = 0; round < rounds; round += 1) {
    await each('quiet');
    await besideBusyProgram(() => each('busy'));
  }
  return cases.map(({ name, quiet, busy }) => {
    const detail = `${median(busy).toFixed(0)} of ${median(quiet).toFixed(0)} tokens/s`;
    const ratios = busy.map((rate, round) => rate / (quiet[round] ?? Number.NaN));
    // llama.cpp is there to compare with; its figure is no aim of this project.
    const figure = figureOfRounds(name, ratios, aim, detail);
    return name.startsWith('ours') ? figure : { ...figure, holds: null };
  });
}

/** A server whose threads wait for each other may need minutes beside a busy program: its tokens up to then count. ms */
const longest = 10_000;

/** Tokens per second of all rows, each from its first token on. */
async function llamaRate(url: string, { rows, salt }: { rows: number; salt: number }): Promise<number> {
  const rates = await Promise.all(Array.from({ length: rows }, () => streamedRate(url, salt)));
  return rates.reduce((sum, rate) => sum + rate, 0);
}

async function streamedRate(url: string, salt: number): Promise<number> {
  const [message] = promptOf(100, salt).messages;
  const signal = AbortSignal.timeout(longest);
  const body = { prompt: message?.content, n_predict: tokens, ignore_eos: true, cache_prompt: false, temperature: 0 };
  const stamps: number[] = [];
  try {
    const answer = await fetch(new URL('/completion', url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, stream: true }),
      signal,
    });
    if (!answer.ok || !answer.body) throw new Error(`${url} answered ${answer.status}`);
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      const now = performance.now();
      // One event per token.
      for (const _event of chunk.matchAll(/^data: /gm)) stamps.push(now);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  const [first = 0] = stamps;
  const end = signal.aborted ? performance.now() : (stamps.at(-1) ?? 0);
  return stamps.length < 2 ? 0 : ((stamps.length - 1) * 1000) / (end - first);
}
