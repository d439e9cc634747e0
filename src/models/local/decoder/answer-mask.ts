import type { GrammarMatcher } from '../../../grammar/grammar-matcher.ts';
import { unsupported } from '../../../grammar/unsupported.ts';
import type { ModelFolder } from '../folder/model-folder.ts';

/** What a grammar allows of the next answer token. */
export type AnswerMask = {
  /** The mask at a place of the answer; `start`: no end yet, and a tool call may begin where there are tools. */
  at(place: 'start' | 'text'): Uint32Array;
  accept(token: number): void;
  mustEnd(): boolean;
};

/**
 * An answer is text that fits, or tool calls: once one was made, the text may stay out. It goes on from the ids in `begun`.
 * @throws ServiceError `unsupported_constraint` where those don't fit
 */
export function createAnswerMask(
  matcher: GrammarMatcher,
  model: Pick<ModelFolder, 'tokens' | 'vocabularySize'>,
  options: { tools: boolean; begun: readonly number[] },
): AnswerMask {
  const { tokens } = model;
  const { tools } = options;
  const mask = new Uint32Array(Math.ceil(model.vocabularySize / 32));
  let called = false;
  let begun = options.begun.length > 0;
  let within = false;
  const set = (id: number, allowed: boolean) => {
    const bit = 1 << (id & 31);
    const word = mask[id >>> 5] ?? 0;
    mask[id >>> 5] = allowed ? word | bit : word & ~bit;
  };
  if (!options.begun.every((id) => matcher.accept(id))) {
    throw unsupported('text.format', 'the answer has begun with text that it does not allow');
  }
  return {
    at(place) {
      if (!matcher.fillMask(mask)) mask.fill(0xffffffff);
      if (!begun) for (const id of tokens.end) set(id, called && place === 'text');
      if (!begun && tools && tokens.toolCallOpen !== undefined) set(tokens.toolCallOpen, true);
      return mask;
    },
    accept(token) {
      if (token === tokens.toolCallOpen) within = true;
      if (within) {
        called = true;
        if (token === tokens.toolCallClose) within = false;
      } else if (!tokens.end.has(token)) {
        begun = true;
        matcher.accept(token);
      }
    },
    mustEnd: () => begun && matcher.mustEnd(),
  };
}
