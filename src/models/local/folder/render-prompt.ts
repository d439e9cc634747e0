import { setImmediate } from 'node:timers/promises';
import type { ChatMessage, FunctionTool, Prompt } from '../../../contracts/responses/prompt.ts';
import type { ThoughtSegment } from '../../../core/language-model.ts';
import { createDefuse, type Defuse, defusedArguments, defusedJson, familyTexts } from '../../control-texts.ts';
import type { ModelFamily } from '../../families/family.ts';
import { missingSuffix } from '../../families/missing-suffix.ts';
import type { ModelTokenizer } from './tokenizer.ts';

/** Characters that are tokenised before the event loop gets a turn: some 10 ms, 100 ms at the very worst. */
const pieceLength = 4096;

/** `most`: nothing is tokenised once there are more ids than this. `signal` ends it between two pieces. */
export type EncodeLimits = { most?: number | undefined; signal?: AbortSignal | undefined };

/**
 * Token ids of a text of any length, with a turn of the event loop after each piece. Pieces end before the space of a new
 * word, where tokenizers cut anyway, so the ids are those of the whole; only in 4,096 characters without such a place can a
 * cut cost a token. Prompt rendering and token counting both go through here, so their counts always agree.
 * @throws the signal's reason
 */
export async function encodeInPieces(
  tokenizer: Pick<ModelTokenizer, 'encode'>,
  text: string,
  { most = Number.POSITIVE_INFINITY, signal }: EncodeLimits = {},
): Promise<number[]> {
  if (text.length <= pieceLength) return tokenizer.encode(text);
  const ids: number[] = [];
  for (let start = 0; start < text.length && ids.length <= most; ) {
    const end = pieceEnd(text, start);
    for (const id of tokenizer.encode(text.slice(start, end))) ids.push(id);
    start = end;
    await setImmediate();
    signal?.throwIfAborted();
  }
  return ids;
}

/** Where the piece that begins at `start` ends: the last ` word` border within reach, else between two characters. */
function pieceEnd(text: string, start: number): number {
  const limit = start + pieceLength;
  if (limit >= text.length) return text.length;
  for (let end = limit; end > start + 1; end--) {
    if (text[end] === ' ' && isLetter(text[end - 1]) && isLetter(text[end + 1])) return end;
  }
  const code = text.charCodeAt(limit);
  return code >= 0xdc00 && code <= 0xdfff ? limit - 1 : limit;
}

function isLetter(character: string | undefined): boolean {
  return character !== undefined && /\p{L}/u.test(character);
}

type RenderingModel = { family: ModelFamily; tokenizer: ModelTokenizer };

/**
 * Token ids of a prompt, up to where the model continues: within an open thought with `thinking`, at the answer without.
 * `prefix` continues the thought; its own ids are used where they are given. What a user wrote can't become a special
 * token: a zero-width space is put into its text (`control-texts.ts`).
 * @throws Error of the template for turns that it doesn't take
 */
export async function renderPrompt(
  model: RenderingModel,
  prompt: Prompt,
  options: { thinking: boolean; prefix?: readonly ThoughtSegment[] } & EncodeLimits,
): Promise<number[]> {
  const ids = await encodeInPieces(model.tokenizer, renderText(model, prompt, options.thinking), options);
  for (const id of await thoughtIds(model, options.prefix ?? [])) ids.push(id);
  return ids;
}

/** Token ids of a partial thought: its own where they are given. */
export async function thoughtIds(model: RenderingModel, thought: readonly ThoughtSegment[]): Promise<number[]> {
  const ids: number[] = [];
  for (const { text, tokenIds } of thought) {
    for (const id of tokenIds ?? (await encodeInPieces(model.tokenizer, defuseOf(model)(text)))) ids.push(id);
  }
  return ids;
}

/** The text that `renderPrompt` encodes. */
export function renderText(model: RenderingModel, prompt: Prompt, thinking: boolean): string {
  const { family, tokenizer } = model;
  if (prompt.raw) return prompt.messages.map(({ content }) => defuseOf(model)(content)).join('');
  const messages = prompt.messages.map((message) => templateMessage(model, message));
  const rendered = tokenizer.render(thinking ? withThinkInstruction(family, messages) : messages, {
    tools: prompt.tools?.map((tool) => templateTool(model, tool)),
    templateArguments: thinking ? family.templateArguments.on : family.templateArguments.off,
  });
  const { off } = family.promptSuffix;
  // A template without a switch may always write the empty thought.
  const open = thinking && off !== '' && rendered.endsWith(off) ? rendered.slice(0, -off.length) : rendered;
  return open + missingSuffix(open, family, { thinking });
}

/** The instruction may hold the family's own tags, so it is put in after what was defused. */
function withThinkInstruction(
  family: ModelFamily,
  messages: ReadonlyArray<Record<string, unknown>>,
): ReadonlyArray<Record<string, unknown>> {
  const instruction = family.thinkInstruction;
  if (instruction === undefined) return messages;
  const [first, ...rest] = messages;
  if (first?.['role'] !== 'system') return [{ role: 'system', content: instruction }, ...messages];
  return [{ role: 'system', content: `${first['content']}\n\n${instruction}` }, ...rest];
}

/** A turn in the shape that chat templates share; `reasoning_content` is where they look for a kept thought. */
function templateMessage(model: RenderingModel, message: ChatMessage): Record<string, unknown> {
  const defuse = defuseOf(model);
  const content = defuse(message.content);
  switch (message.role) {
    case 'system':
    case 'user':
      return { role: message.role, content };
    case 'tool':
      return { role: 'tool', content, tool_call_id: defuse(message.toolCallId) };
    case 'assistant':
      return {
        role: 'assistant',
        content: `${writtenThought(model, message)}${content}`,
        ...(message.thought !== undefined && { reasoning_content: defuse(message.thought) }),
        ...(message.toolCalls?.length && {
          tool_calls: message.toolCalls.map((call) => ({
            id: defuse(call.id),
            type: 'function',
            // Templates print arguments as JSON, so they get an object where the text is JSON.
            function: { name: defuse(call.name), arguments: defusedArguments(call.arguments, defuse) },
          })),
        }),
      };
    default:
      return message satisfies never;
  }
}

/** As the model itself wrote it; templates put a line end of their own between a text and the calls after it. */
function writtenThought(model: RenderingModel, message: Extract<ChatMessage, { role: 'assistant' }>): string {
  const { tags, thoughtInText } = model.family;
  if (!thoughtInText || tags === undefined || message.thought === undefined) return '';
  const callsOnly = message.content === '' && (message.toolCalls?.length ?? 0) > 0;
  const thought = defuseOf(model)(message.thought).replace(/\n$/, '');
  return `${tags.open}\n${thought}\n${tags.close}${callsOnly ? '\n' : '\n\n'}`;
}

function templateTool(model: RenderingModel, tool: FunctionTool): Record<string, unknown> {
  const { name, description, parameters } = tool;
  const described = {
    name,
    ...(description !== undefined && { description }),
    ...(parameters !== undefined && { parameters }),
  };
  return { type: 'function', function: defusedJson(described, defuseOf(model)) };
}

const defuses = new WeakMap<ModelTokenizer, Defuse>();

/** No special token, think tag or tool tag is left in a text: what a user writes stays text. */
function defuseOf({ tokenizer, family }: RenderingModel): Defuse {
  const known = defuses.get(tokenizer);
  if (known !== undefined) return known;
  const { tags, toolCallTags } = family;
  // Of the family's other texts, those that are tokens here.
  const tokens = familyTexts(family).filter((text) => tokenizer.idOf(text) !== undefined);
  const made = createDefuse([
    ...tokenizer.controlTexts,
    ...tokens,
    tags?.open,
    tags?.close,
    toolCallTags?.open,
    toolCallTags?.close,
  ]);
  defuses.set(tokenizer, made);
  return made;
}
