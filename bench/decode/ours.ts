import { fileURLToPath } from 'node:url';
import type { GenerateRequest } from '../../src/core/language-model.ts';
import {
  createDecoderModel,
  createFolderGrammar,
  type DecoderModel,
} from '../../src/models/local/decoder/decoder-model.ts';
import { loadModelFolder, type ModelFolder } from '../../src/models/local/folder/model-folder.ts';
import type { KvBits } from '../../src/models/local/graph/session.ts';

export const folderPath = fileURLToPath(new URL('../../models/thinkfirst-135m', import.meta.url));
/** The number that the aims assume; fewer if a memory measurement shares the machine. */
export const threads = Number(process.env['THINKFIRST_THREADS'] ?? 2);
/** The service's setting. */
const benchKvBits: KvBits = process.env['THINKFIRST_KV_BITS'] === '32' ? 32 : 8;

export type Ours = { folder: ModelFolder; model: DecoderModel };

/** `speculates`: with guesses; without them, each run gives one token of each row. */
export async function openOurs(kvMegabytes = 256, kvBits = benchKvBits, speculates = false): Promise<Ours> {
  const folder = await loadModelFolder(folderPath);
  const grammar = createFolderGrammar(folder);
  const opened = await createDecoderModel({
    folder,
    threads,
    kvMegabytes,
    kvBits,
    speculates,
    warn: (message) => console.error(message),
    now: Date.now,
    ...(grammar && { grammar }),
  });
  if ('unsupported' in opened) throw new Error(opened.unsupported);
  return { folder, model: opened.model };
}

/**
 * A user turn whose rendered prompt has about `tokens` tokens; `salt` makes its beginning differ, so that no cache can
 * be used.
 */
export function promptOf(tokens: number, salt: number): GenerateRequest['prompt'] {
  const words = 'the quick brown fox looks over the small dog while seven green birds watch from a tall old tree'.split(
    ' ',
  );
  // Each of these words, with its space, is one token.
  const body = Array.from({ length: Math.max(0, tokens - 16) }, (_, index) => words[(index * 7 + salt) % words.length]);
  const content = `${salt} ${body.join(' ')}`;
  return { messages: [{ role: 'user', content }] };
}

/** A request that decodes exactly `tokens` tokens: end tokens are excluded. */
export function requestOf(
  { folder }: Pick<Ours, 'folder'>,
  prompt: GenerateRequest['prompt'],
  tokens: number,
  changes: Partial<GenerateRequest> = {},
): GenerateRequest {
  const logitBias = Object.fromEntries([...folder.tokens.end].map((id) => [id, -1000]));
  return {
    prompt,
    samples: 1,
    answer: { maxTokens: tokens },
    sampling: { temperature: 0, logitBias },
    deterministic: false,
    cacheScope: { owner: 'bench', response: 'bench', ownPrompt: true },
    ...changes,
  };
}

export type Timed = { startedAt: number; firstAt: number; lastAt: number; tokens: number; cached: number };

/** Runs a request; times in ms. */
export async function timed({ model }: Pick<Ours, 'model'>, request: GenerateRequest): Promise<Timed> {
  const startedAt = performance.now();
  const result: Timed = { startedAt, firstAt: Number.NaN, lastAt: startedAt, tokens: 0, cached: 0 };
  for await (const event of model.generate(request, { signal: new AbortController().signal })) {
    if (event.type === 'answer-delta' && event.tokenIds.length > 0) {
      result.lastAt = performance.now();
      if (result.tokens === 0) result.firstAt = result.lastAt;
      result.tokens += event.tokenIds.length;
    } else if (event.type === 'finish') result.cached = event.usage.cachedTokens;
  }
  return result;
}

/** Tokens per second between the first and the last token, without prefill. */
export function decodeRate({ tokens, firstAt, lastAt }: Pick<Timed, 'tokens' | 'firstAt' | 'lastAt'>): number {
  return ((tokens - 1) * 1000) / (lastAt - firstAt);
}
