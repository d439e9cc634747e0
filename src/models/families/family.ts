/** Continuations of one thought that ends too early: beyond these, budget forcing only makes it repeat itself. */
export const mostContinuations = 6;

/** What is known of a model before it runs. `modelType` is that of config.json, '' where only a server's template is seen. */
export type ModelTraits = { modelType: string; id: string; chatTemplate: string };

/**
 * What a kind of model needs, as data: a family file has no code but `matches`. Sentences may hold `{{placeholders}}`.
 */
export type ModelFamily = {
  name: string;
  /** Where its facts come from (model card, chat template). */
  source: string;
  /** True for a model of this family, by its template; the registry asks in order, the last one takes all. */
  matches(model: ModelTraits): boolean;
  /** Names that servers know such models by, for a server that doesn't show its template. */
  names?: RegExp;
  /**
   * Tags around a thought. A folder's tokenizer must have each as one token; at a server they may be several. Absent: the
   * thought is plain text up to `answerMarker`.
   */
  tags?: { open: string; close: string };
  /** No tokenizer has these tags as one token each, so that no folder can be used with it. */
  serverOnly?: true;
  /** The template has no place for the thought of an earlier turn: it is written before the turn's text, within the tags. */
  thoughtInText?: boolean;
  /**
   * Arguments of the chat template that switch thinking on and off. `reasoning_effort` is sent as the field of that name as
   * well: the least that a model knows which always thinks.
   */
  templateArguments: { on: Readonly<Record<string, unknown>>; off: Readonly<Record<string, unknown>> };
  /** Appended to the rendered prompt where the template doesn't do it itself. */
  promptSuffix: { on: string; off: string };
  /** Inserted between the close tag and the answer. */
  afterThought: string;
  /** Inserted at the budget, before the close tag. */
  handOver: string;
  /** Its models were made for values that are computed in their thoughts. A folder says so itself, a GGUF file or a server may not. */
  expectsValues?: true;
  /** Inserted in place of a premature end of thinking (arXiv 2501.19393). */
  continuation: string;
  /** Inserted after a line that a check found wrong. `{{wrong}}` is the wrong value. */
  correction: string;
  /** The system instruction that asks for thoughts, for models that don't think by themselves. */
  thinkInstruction?: string;
  /** For families without tags: the marker before the answer. */
  answerMarker?: string;
  /** Texts that end an answer at a server, where it may leave them in. */
  answerEnds?: readonly string[];
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
