/**
 * What a kind of model needs, as data: a family file has no code but `matches`. Sentences may hold `{{placeholders}}`.
 */
export type ModelFamily = {
  name: string;
  /** Where its facts can be looked up (model card, chat template). */
  source: string;
  /** True for a model folder of this family; the registry asks in order, the last one takes all. */
  matches(model: { modelType: string; id: string; chatTemplate: string }): boolean;
  /** Tags around a thought; each must be one token. Absent: it thinks by prompt (`thinkInstruction`), in plain text. */
  tags?: { open: string; close: string };
  /** The template has no place for the thought of an earlier turn: it is written before the turn's text, within the tags. */
  thoughtInText?: boolean;
  /** Arguments of the chat template that switch thinking on and off. */
  templateArguments: { on: Readonly<Record<string, unknown>>; off: Readonly<Record<string, unknown>> };
  /** Appended to the rendered prompt where the template doesn't do it itself. */
  promptSuffix: { on: string; off: string };
  /** Fed between the close tag and the answer. */
  afterThought: string;
  /** Fed at the budget, before the close tag. */
  handOver: string;
  /** Fed in place of a too early end of thinking (arXiv 2501.19393). */
  continuation: string;
  /** Fed after a line that a check found wrong. `{{wrong}}` is the wrong value. */
  correction: string;
  /** For families without tags: the system instruction that asks for thoughts, and the marker before the answer. */
  thinkInstruction?: string;
  answerMarker?: string;
  /** Token texts that end an answer, beside the model's own `eos_token_id`. */
  stopTokens: readonly string[];
  /** Token texts around a tool call. */
  toolCallTags?: { open: string; close: string };
  /** What the model's authors advise. */
  sampling: {
    thinking: { temperature: number; topP?: number; topK?: number; minP?: number };
    fast: { temperature: number; topP?: number; topK?: number; minP?: number };
  };
};
