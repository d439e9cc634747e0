import type { ChatMessage, FunctionTool, Prompt } from '../../contracts/prompt.ts';
import type { ModelFamily } from '../families/family.ts';
import type { ThoughtSegment } from '../language-model.ts';
import { encodeInPieces } from './encode-in-pieces.ts';
import type { ModelTokenizer } from './tokenizer.ts';

type RenderingModel = { family: ModelFamily; tokenizer: ModelTokenizer };

/**
 * Token ids of a prompt, up to where the model goes on: within an open thought with `thinking`, at the answer without.
 * `prefix` continues the thought; its own ids are used where they are given. What a user wrote can't become a special
 * token: a zero-width space is put into its text.
 * @throws Error of the template for turns that it doesn't take
 */
export async function renderPrompt(
  model: RenderingModel,
  prompt: Prompt,
  options: { thinking: boolean; prefix?: readonly ThoughtSegment[] },
): Promise<number[]> {
  const ids = await encodeInPieces(model.tokenizer, renderText(model, prompt, options.thinking));
  for (const segment of options.prefix ?? []) {
    const segmentIds = segment.tokenIds ?? (await encodeInPieces(model.tokenizer, defused(model, segment.text)));
    for (const id of segmentIds) ids.push(id);
  }
  return ids;
}

/** The text that `renderPrompt` encodes. */
export function renderText(model: RenderingModel, prompt: Prompt, thinking: boolean): string {
  const { family, tokenizer } = model;
  const messages = thinking ? withThinkInstruction(family, prompt.messages) : prompt.messages;
  const rendered = tokenizer.render(
    messages.map((message) => templateMessage(model, message)),
    {
      tools: prompt.tools?.map((tool) => templateTool(model, tool)),
      templateArguments: thinking ? family.templateArguments.on : family.templateArguments.off,
    },
  );
  return `${withoutSuffix(family, rendered)}${thinking ? family.promptSuffix.on : family.promptSuffix.off}`;
}

/** Some templates open or close the thought themselves, some releases of one family do and others don't. */
function withoutSuffix({ promptSuffix }: ModelFamily, rendered: string): string {
  for (const suffix of [promptSuffix.off, promptSuffix.on]) {
    if (suffix !== '' && rendered.endsWith(suffix)) return rendered.slice(0, -suffix.length);
  }
  return rendered;
}

function withThinkInstruction(family: ModelFamily, messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const instruction = family.thinkInstruction;
  if (instruction === undefined) return messages;
  const [first, ...rest] = messages;
  if (first?.role !== 'system') return [{ role: 'system', content: instruction }, ...messages];
  return [{ role: 'system', content: `${first.content}\n\n${instruction}` }, ...rest];
}

/** A turn in the shape that chat templates share; `reasoning_content` is where they look for a kept thought. */
function templateMessage(model: RenderingModel, message: ChatMessage): Record<string, unknown> {
  const content = defused(model, message.content);
  switch (message.role) {
    case 'system':
    case 'user':
      return { role: message.role, content };
    case 'tool':
      return { role: 'tool', content, tool_call_id: message.toolCallId };
    case 'assistant':
      return {
        role: 'assistant',
        content: `${writtenThought(model, message)}${content}`,
        ...(message.thought !== undefined && { reasoning_content: defused(model, message.thought) }),
        ...(message.toolCalls?.length && {
          tool_calls: message.toolCalls.map((call) => ({
            id: call.id,
            type: 'function',
            function: { name: call.name, arguments: parsedArguments(defused(model, call.arguments)) },
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
  const thought = defused(model, message.thought).replace(/\n$/, '');
  return `${tags.open}\n${thought}\n${tags.close}${callsOnly ? '\n' : '\n\n'}`;
}

/** Templates print arguments as JSON, so they are handed over as an object where the text is JSON. */
function parsedArguments(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function templateTool(model: RenderingModel, tool: FunctionTool): Record<string, unknown> {
  const { name, description, parameters } = tool;
  const described = {
    name,
    ...(description !== undefined && { description }),
    ...(parameters !== undefined && { parameters }),
  };
  return { type: 'function', function: JSON.parse(defused(model, JSON.stringify(described))) };
}

/** Text in which no special token, think tag or tool tag is left, so that what a user writes stays text. */
function defused({ tokenizer, family }: RenderingModel, text: string): string {
  const tags = [family.tags?.open, family.tags?.close, family.toolCallTags?.open, family.toolCallTags?.close];
  let safe = text;
  for (const token of [...tokenizer.specialTexts, ...tags]) {
    if (token && token.length > 1 && safe.includes(token))
      safe = safe.replaceAll(token, `${token[0]}\u200B${token.slice(1)}`);
  }
  return safe;
}
