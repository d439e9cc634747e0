import type { Constraint } from '../../../contracts/responses/constraint.ts';
import { type ChatMessage, mediaOf, type Prompt, type PromptPart } from '../../../contracts/responses/prompt.ts';
import {
  controlPattern,
  createDefuse,
  type Defuse,
  defusedArguments,
  defusedJson,
  familyTexts,
} from '../../control-texts.ts';
import type { ModelFamily } from '../../families/family.ts';
import type { Dialect } from '../client/dialect.ts';

/**
 * The prompt with the format of its answer in the system turn. OpenAI's own models see the schema that constrains them; other
 * servers only mask tokens, so without the instruction a model fills the format with anything that fits.
 */
export function withFormatInstruction(prompt: Prompt, constraint: Constraint | undefined): Prompt {
  const sentence = constraint === undefined ? undefined : formatInstruction(constraint);
  if (sentence === undefined) return prompt;
  const [first, ...rest] = prompt.messages;
  const messages: ChatMessage[] =
    first?.role === 'system'
      ? [{ role: 'system', content: `${first.content}\n\n${sentence}` }, ...rest]
      : [{ role: 'system', content: sentence }, ...prompt.messages];
  return { ...prompt, messages };
}

/** An inserted sentence, kept as data like those of `families/`. */
function formatInstruction(constraint: Constraint): string | undefined {
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

/**
 * Inserted as a user turn where a server can't continue an assistant message: a sentence kept as data like those of
 * `families/` are, and said in words that any chat model follows.
 */
export const answerTurn = 'Stop thinking now. Give your final answer to my question, based on the thinking so far.';

/** A message as chat completions take it. */
type WireMessage = { role: string; content: string | unknown[] | null; [field: string]: unknown };

/** Only the family of a server's tokenizer is known, so the usual spellings of special tokens are defused as well. */
function defuseFor({ dialect, family }: { dialect: Dialect; family: ModelFamily }): Defuse {
  return dialect.keepsControlTexts ? (text) => text : createDefuse(familyTexts(family), controlPattern);
}

/** The turns of a prompt. Families that don't think by themselves are asked for thoughts in the system turn. */
export function toMessages(
  prompt: Prompt,
  options: { dialect: Dialect; family: ModelFamily; thinking: boolean },
): WireMessage[] {
  const defuse = defuseFor(options);
  const messages: WireMessage[] = [];
  let media: PromptPart[] = [];
  for (const [index, message] of prompt.messages.entries()) {
    messages.push(toMessage(message, options.dialect, defuse));
    if (message.role !== 'tool') continue;
    media.push(...mediaOf(message));
    // A tool's turn holds text alone, so its images follow the results of all calls that were made together.
    if (media.length === 0 || prompt.messages[index + 1]?.role === 'tool') continue;
    messages.push({ role: 'user', content: media.map((part) => toPart(part, defuse)) });
    media = [];
  }
  const instruction = options.family.thinkInstruction;
  if (!options.thinking || instruction === undefined) return messages;
  const [first, ...rest] = messages;
  if (first?.role !== 'system') return [{ role: 'system', content: instruction }, ...messages];
  return [{ ...first, content: `${String(first.content ?? '')}\n\n${instruction}` }, ...rest];
}

/** `tools` as chat completions take them; nothing for a prompt without. */
export function toTools(prompt: Prompt, options: { dialect: Dialect; family: ModelFamily }): { tools?: unknown[] } {
  if (prompt.tools === undefined || prompt.tools.length === 0) return {};
  return {
    tools: prompt.tools.map((tool) => ({
      type: 'function',
      function: defusedJson({ parameters: { type: 'object', properties: {} }, ...tool }, defuseFor(options)),
    })),
  };
}

function toMessage(message: ChatMessage, dialect: Dialect, defuse: Defuse): WireMessage {
  const content = defuse(message.content);
  switch (message.role) {
    case 'system':
      return { role: 'system', content };
    case 'user':
      return { role: 'user', content: message.parts?.map((part) => toPart(part, defuse)) ?? content };
    case 'tool':
      return { role: 'tool', content, tool_call_id: defuse(message.toolCallId) };
    case 'assistant': {
      const calls = message.toolCalls ?? [];
      const thought = message.thought !== undefined && dialect.thoughtField !== undefined;
      return {
        role: 'assistant',
        content,
        ...(thought && { [dialect.thoughtField ?? '']: defuse(message.thought ?? '') }),
        ...(calls.length > 0 && {
          tool_calls: calls.map((call) => ({
            id: defuse(call.id),
            type: 'function',
            function: { name: defuse(call.name), arguments: wireArguments(call.arguments, defuse) },
          })),
        }),
      };
    }
    default:
      return message satisfies never;
  }
}

/** As they were written, unless something in them was defused. */
function wireArguments(text: string, defuse: Defuse): string {
  const safe = defusedArguments(text, defuse);
  if (typeof safe === 'string' && safe === defuse(text)) return safe;
  const written = JSON.stringify(safe);
  return written === JSON.stringify(JSON.parse(text)) ? text : written;
}

function toPart(part: PromptPart, defuse: Defuse): unknown {
  switch (part.type) {
    case 'text':
      return { ...part, text: defuse(part.text) };
    case 'image':
      return { type: 'image_url', image_url: { url: part.url, ...(part.detail && { detail: part.detail }) } };
    case 'file':
      return { type: 'file', file: { file_data: part.data, ...(part.name && { filename: defuse(part.name) }) } };
    default:
      return part satisfies never;
  }
}
