import { createGrammarEngine, type GrammarEngine } from '../../../grammar/grammar-engine.ts';
import type { ModelFolder } from '../folder/model-folder.ts';

/** A grammar engine over a folder's vocabulary; undefined where its tokenizer doesn't tell which bytes a token stands for. */
export function createFolderGrammar({
  tokenizer,
  tokens,
  vocabularySize: size,
}: Pick<ModelFolder, 'tokenizer' | 'tokens' | 'vocabularySize'>): GrammarEngine | undefined {
  const bytesOf = tokenizer.textBytesOf;
  return bytesOf && createGrammarEngine({ vocabulary: { size, bytesOf, endTokenIds: [...tokens.end] } });
}
