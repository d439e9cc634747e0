import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createGrammarEngine, type GrammarEngine } from '../grammar/grammar-engine.ts';
import { tokenBytesOf } from '../grammar/token-bytes.ts';
import type { ModelFolder } from '../transformers/model-folder.ts';

/** A grammar engine over a folder's vocabulary; undefined where its tokenizer doesn't tell which bytes a token stands for. */
export async function createFolderGrammar(
  folder: Pick<ModelFolder, 'path' | 'tokens'>,
): Promise<GrammarEngine | undefined> {
  const file = join(folder.path, 'tokenizer.json');
  if (!existsSync(file)) return undefined;
  const tokens = tokenBytesOf(JSON.parse(await readFile(file, 'utf8')));
  return tokens && createGrammarEngine({ vocabulary: { tokens, endTokenIds: [...folder.tokens.end] } });
}
