import { type FoundValue, type ThoughtLines, valueBehind } from '../../thought-lines.ts';
import type { ModelFolder } from '../folder/model-folder.ts';

/** Characters at a line's end that are tokenised: a value's tokens depend on the text right before it. */
const longestTail = 600;

/** A value that the service computed, as it is inserted after its equals sign. */
export type ComputedValue = FoundValue & { ids: readonly number[] };

/**
 * The value of a line that ends in an equals sign (a calculator in the thought, arXiv 2110.14168): its ids are those of line
 * and value without those of the line. Undefined if the line has no value, if its ids do not begin those of line and value,
 * or if the value would contain a special token, which a string in a call could spell.
 */
export function computedValue(
  lines: Pick<ThoughtLines, 'line' | 'inCode'>,
  { tokenizer, tokens }: Pick<ModelFolder, 'tokenizer' | 'tokens'>,
): ComputedValue | undefined {
  const found = valueBehind(lines);
  if (found === undefined) return undefined;
  const { text, expression } = found;
  const tail = lines.line.slice(-longestTail);
  const before = tokenizer.encode(tail);
  const after = tokenizer.encode(tail + text);
  const ids = after.slice(before.length);
  const { end, open, close, toolCallOpen, toolCallClose } = tokens;
  const tags = [open, close, toolCallOpen, toolCallClose];
  const isControl = (id: number) => tokenizer.isSpecial(id) || end.has(id) || tags.includes(id);
  if (ids.length === 0 || ids.some(isControl) || before.some((id, index) => after[index] !== id)) return undefined;
  return { text, ids, expression };
}
