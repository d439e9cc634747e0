export type AnswerKind = 'number' | 'time' | 'date' | 'choice' | 'truth' | 'list' | 'json' | 'text';

/** What an answer says, its writing aside. `key` is equal where the kinds and values are; a unit counts where both have one. */
export type NormalAnswer = { kind: AnswerKind; key: string; unit?: string };
