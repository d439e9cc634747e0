import type { LanguageModel } from '../../src/core/language-model.ts';

/** Marks that occur only in thoughts: two words, and a number. */
const marks = ['quokkaxq', 'ocelotyw', '7391540863'] as const;

/** A thought with a wrong sum, which the arithmetic check quotes. */
export const markedThought = [
  `${marks[2]} + 1 = 7391540865.`,
  `So ${marks[1]} it is 43.`,
  `Spell ${marks[0]}: q-u-o-k-a.`,
].join('\n');

/**
 * A mark that a text contains, whole, over several deltas, or as the bytes of log-probabilities; undefined if there is
 * none.
 */
export function markIn(text: string): string | undefined {
  const spoken = [text, ...joined(text)].map((one) => one.toLowerCase());
  return marks.find((mark) => spoken.some((one) => one.includes(mark)));
}

/** The model with its thoughts in pieces of three characters, so that no single delta contains a mark. */
export function inPieces(model: LanguageModel): LanguageModel {
  return {
    ...model,
    async *generate(request, options) {
      for await (const event of model.generate(request, options)) {
        if (event.type !== 'thinking-delta') {
          yield event;
          continue;
        }
        const pieces = event.text.match(/[\s\S]{1,3}/g) ?? [''];
        for (const [index, text] of pieces.entries()) {
          yield index === 0 ? { ...event, text } : { ...event, text, tokenIds: [], logprobs: [] };
        }
      }
    },
  };
}

/** All values of each field of a body (JSON, JSON lines or events) joined, with lists of bytes as text. */
function joined(text: string): string[] {
  const byField = new Map<string, string>();
  const bytes: number[] = [];
  const walk = (value: unknown, field: string): void => {
    if (typeof value === 'string') byField.set(field, (byField.get(field) ?? '') + value);
    else if (Array.isArray(value) && value.every((one) => typeof one === 'number')) bytes.push(...value);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, child] of Object.entries(value)) walk(child, Array.isArray(value) ? field : key);
    }
  };
  for (const line of [text, ...text.split('\n')]) {
    try {
      walk(JSON.parse(line.replace(/^data: /, '')), '');
    } catch {
      // Not JSON: searched unchanged.
    }
  }
  return [...byField.values(), Buffer.from(bytes).toString('utf8')];
}
