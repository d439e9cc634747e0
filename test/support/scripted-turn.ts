import type { Prompt } from '../../src/contracts/responses/prompt.ts';
import type { GenerateRequest } from '../../src/core/language-model.ts';

/** What a scripted sample thinks and says. Words with the blanks before them are its tokens. */
export type ScriptedSample = {
  thought?: string;
  answer: string;
  /** Said instead when the thought was cut; default: `answer`. */
  handedOverAnswer?: string;
  toolCalls?: ReadonlyArray<{ name: string; arguments: string }>;
  /** Of each token of thought and answer; default -0.1. */
  logprob?: number;
  selfCertainty?: number;
};

/** What a script is asked: the request, which sample, the how-many-eth call, and a random number in [0, 1) of (seed, sample). */
export type ScriptedTurn = { request: GenerateRequest; sample: number; call: number; random: () => number };

/** Gives a sample; an error that it throws fails the call. */
export type Script = (turn: ScriptedTurn) => ScriptedSample;

/** Tokens of a scripted model: words, each with the blanks before it. */
export function scriptedTokens(text: string): string[] {
  return text.match(/\s*\S+|\s+$/g) ?? [];
}

/** Words of a prompt with three more for each turn, thoughts and tools included. */
export function scriptedPromptTokens(prompt: Prompt): number {
  const parts = prompt.messages.map((message) => {
    const more =
      message.role === 'assistant' ? `${message.thought ?? ''} ${JSON.stringify(message.toolCalls ?? '')}` : '';
    return 3 + scriptedTokens(`${message.content} ${more}`.trim()).length;
  });
  const tools = prompt.tools ? scriptedTokens(JSON.stringify(prompt.tools)).length : 0;
  return parts.reduce((sum, count) => sum + count, tools);
}
