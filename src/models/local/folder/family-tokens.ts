import type { ModelFamily } from '../../families/family.ts';
import { modelFault } from './model-files.ts';
import type { ModelTokenizer } from './tokenizer.ts';

/** A family's tags and sentences in one model's token ids. */
export type FamilyTokens = {
  /** Any of these ends an answer. */
  end: ReadonlySet<number>;
  /** Tags around a thought; undefined for a family that thinks in plain text up to its marker. */
  open: number | undefined;
  close: number | undefined;
  toolCallOpen: number | undefined;
  toolCallClose: number | undefined;
  /** Inserted at the budget: stop-thinking sentence, close tag (or marker), and what stands before the answer. */
  handOver: readonly number[];
  /** Inserted where a thought ended without its close tag (an end token, say). */
  closing: readonly number[];
  /** The same where the thought's last line has its end. */
  closingAfterLine: readonly number[];
  /** Inserted after a close tag that the model wrote itself. */
  afterThought: readonly number[];
  /** Inserted in place of a premature end. */
  continuation: readonly number[];
};

/** @throws ServiceError `model_unavailable` when the family's tags are no single tokens of this tokenizer, or nothing ends an answer */
export function familyTokens(options: {
  name: string;
  family: ModelFamily;
  tokenizer: Pick<ModelTokenizer, 'encode' | 'idOf'>;
  endTokenIds: readonly number[];
}): FamilyTokens {
  const { family, tokenizer } = options;
  if (family.serverOnly) throw modelFault(options.name, `models of the family ${family.name} run only on a server`);
  const single = (token: string): number => {
    const id = tokenizer.idOf(token);
    if (id === undefined) throw modelFault(options.name, `its tokenizer lacks ${token}, which its family has`);
    return id;
  };
  const end = new Set(options.endTokenIds);
  for (const token of family.stopTokens) {
    const id = tokenizer.idOf(token);
    if (id !== undefined) end.add(id);
  }
  if (end.size === 0) throw modelFault(options.name, 'it has no end token');
  const closing = `${family.tags?.close ?? family.answerMarker ?? ''}${family.afterThought}`;
  return {
    end,
    open: family.tags && single(family.tags.open),
    close: family.tags && single(family.tags.close),
    toolCallOpen: family.toolCallTags && tokenizer.idOf(family.toolCallTags.open),
    toolCallClose: family.toolCallTags && tokenizer.idOf(family.toolCallTags.close),
    handOver: encodeBeforeText(tokenizer, `${family.handOver}${closing}`),
    closing: encodeBeforeText(tokenizer, `\n${closing}`),
    closingAfterLine: encodeBeforeText(tokenizer, closing),
    afterThought: encodeBeforeText(tokenizer, family.afterThought),
    continuation: encodeBeforeText(tokenizer, family.continuation),
  };
}

/**
 * Ids as they are when text follows: two line ends are one token at the end of a text and two before a word, and a model
 * has seen the latter within its answers.
 */
function encodeBeforeText(tokenizer: Pick<ModelTokenizer, 'encode'>, text: string): readonly number[] {
  const word = tokenizer.encode('The');
  const ids = tokenizer.encode(`${text}The`);
  const cut = ids.length - word.length;
  return word.every((id, index) => ids[cut + index] === id) ? ids.slice(0, cut) : tokenizer.encode(text);
}
