import type { Constraint } from '../../../contracts/responses/constraint.ts';
import type { ChatMessage, Prompt } from '../../../contracts/responses/prompt.ts';

/**
 * The prompt with the form of its answer in the system turn. OpenAI's own models are told the schema that they are held to;
 * other servers only mask tokens, so a model that isn't told fills the form with whatever fits.
 */
export function toldForm(prompt: Prompt, constraint: Constraint | undefined): Prompt {
  const sentence = constraint === undefined ? undefined : formSentence(constraint);
  if (sentence === undefined) return prompt;
  const [first, ...rest] = prompt.messages;
  const messages: ChatMessage[] =
    first?.role === 'system'
      ? [{ role: 'system', content: `${first.content}\n\n${sentence}` }, ...rest]
      : [{ role: 'system', content: sentence }, ...prompt.messages];
  return { ...prompt, messages };
}

/** A fed sentence, kept as data as those of `families/` are. */
function formSentence(constraint: Constraint): string | undefined {
  switch (constraint.type) {
    case 'json_object':
      return 'Give your final answer as one JSON object, and nothing else.';
    case 'json_schema':
      return `Give your final answer as JSON that fits this JSON Schema, and nothing else:\n${JSON.stringify(constraint.schema)}`;
    case 'regex':
    case 'choice':
      return undefined;
    default:
      return constraint satisfies never;
  }
}
