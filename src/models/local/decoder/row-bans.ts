import type { ModelFolder } from '../folder/model-folder.ts';

/** Tokens that may not come at a place of a row, by id. */
export type RowBans = {
  /** Within a thought: what would open another one, or a tool call. */
  thought: readonly number[];
  /** The same behind a computed value: what would make another number of it as well. */
  thoughtBehindValue: readonly number[];
  /** While the answer has no visible text: ends and blanks as well, so that it can't be empty. */
  answerStart: readonly number[];
  answer: readonly number[];
  /** Within a tool call: it must be closed before anything else ends. */
  toolCall: readonly number[];
};

/** The bans of one model; one pass over its vocabulary. */
export function createRowBans(model: Pick<ModelFolder, 'tokenizer' | 'tokens' | 'vocabularySize'>): {
  forRow(row: { tools: boolean }): RowBans;
} {
  const { tokenizer, tokens } = model;
  const { end, open, close, toolCallOpen, toolCallClose } = tokens;
  const tags = [open, close, toolCallOpen, toolCallClose];
  const control = new Set(
    [...tags, ...tokenizer.specialTexts.map((text) => tokenizer.idOf(text))].filter((id) => id !== undefined),
  );
  for (const id of end) control.delete(id);
  const blank: number[] = [];
  const digits: number[] = [];
  for (let id = 0; id < model.vocabularySize; id++) {
    if (control.has(id) || end.has(id)) continue;
    const text = tokenizer.textOf(id);
    if (text.trim() === '') blank.push(id);
    else if (/^[.,]?\p{Nd}/u.test(text)) digits.push(id);
  }
  const except = (...kept: Array<number | undefined>) => [...control].filter((id) => !kept.includes(id));
  return {
    forRow({ tools }) {
      const answer = tools ? except(toolCallOpen) : except();
      return {
        thought: except(close),
        thoughtBehindValue: [...except(close), ...digits],
        answerStart: [...answer, ...end, ...blank],
        answer,
        toolCall: [...except(toolCallClose), ...end],
      };
    },
  };
}
