import { z } from 'zod';
import type { MessageBlockParam, MessageParam } from '../../../contracts/protocols/anthropic-message.ts';
import type { ContentPart, InputItem } from '../../../contracts/responses/input-item.ts';

type Part = Exclude<ContentPart, { type: 'output_text' | 'refusal' }>;
type ShownBlock = Extract<MessageBlockParam, { type: 'text' | 'image' | 'document' }>;

/** Anthropic's messages as input items, and where each item and part came from. */
export function itemsOfMessages(messages: readonly MessageParam[]): {
  items: InputItem[];
  origins: Array<[ours: string, theirs: string]>;
} {
  const items: InputItem[] = [];
  const origins: Array<[string, string]> = [];
  for (const [index, message] of messages.entries()) {
    const from = `messages[${index}]`;
    if (typeof message.content === 'string') {
      origins.push([`input[${items.length}]`, from]);
      items.push(said(message.role, message.content));
      continue;
    }
    /** Blocks that stand together are one message. */
    let shown: ShownBlock[] = [];
    const flush = () => {
      if (shown.length > 0)
        items.push(message.role === 'assistant' ? said('assistant', text(shown)) : seen(message.role, shown));
      shown = [];
    };
    for (const [block, content] of message.content.entries()) {
      const theirs = `${from}.content[${block}]`;
      if (content.type === 'text' || content.type === 'image' || content.type === 'document') {
        if (shown.length === 0) origins.push([`input[${items.length}]`, from]);
        origins.push([`input[${items.length}].content[${shown.length}]`, theirs]);
        shown.push(content);
        continue;
      }
      flush();
      const item = itemOf(content);
      if (item === undefined) continue;
      origins.push([`input[${items.length}]`, theirs], [`input[${items.length}].output`, `${theirs}.content`]);
      items.push(item);
    }
    flush();
  }
  return { items, origins };
}

export function text(blocks: readonly ShownBlock[]): string {
  return blocks.map((block) => (block.type === 'text' ? block.text : '')).join('');
}

function said(role: MessageParam['role'], content: string): InputItem {
  return role === 'assistant' ? { role, content } : { role, content };
}

function seen(role: 'user' | 'system', blocks: readonly ShownBlock[]): InputItem {
  return { role, content: blocks.map(partOf) };
}

/** Images and documents keep their place, so that a refusal names it. */
function partOf(block: ShownBlock): Part {
  switch (block.type) {
    case 'text':
      return { type: 'input_text', text: block.text };
    case 'image':
      return { type: 'input_image', image_url: sourceUrl(block.source) };
    case 'document':
      return documentPart(block);
    default:
      return block satisfies never;
  }
}

/** A document of text is text for every model; any other is a file. */
function documentPart({ source, title }: Extract<ShownBlock, { type: 'document' }>): Part {
  const { type, data, content, url, file_id } = source;
  if (type === 'text' && typeof data === 'string') return { type: 'input_text', text: data };
  if (type === 'content') return { type: 'input_text', text: typeof content === 'string' ? content : textOf(content) };
  return {
    type: 'input_file',
    ...(typeof data === 'string' ? { file_data: `data:${source['media_type']};base64,${data}` } : {}),
    ...(typeof url === 'string' ? { file_url: url } : {}),
    ...(typeof file_id === 'string' ? { file_id } : {}),
    ...(title ? { filename: title } : {}),
  };
}

function textOf(content: unknown): string {
  const parts = z.array(z.object({ text: z.string() })).safeParse(content);
  return (parts.data ?? []).map((part) => part.text).join('');
}

function itemOf(block: Exclude<MessageBlockParam, ShownBlock>): InputItem | undefined {
  switch (block.type) {
    case 'tool_use':
      return {
        type: 'function_call',
        call_id: block.id,
        name: block.name,
        arguments: JSON.stringify(block.input ?? {}),
      };
    case 'tool_result': {
      const content =
        typeof block.content === 'string' ? [{ type: 'text' as const, text: block.content }] : (block.content ?? []);
      const parts = content.map(partOf);
      const output: Part[] = block.is_error ? [{ type: 'input_text', text: 'Error: ' }, ...parts] : parts;
      return { type: 'function_call_output', call_id: block.tool_use_id, output };
    }
    case 'thinking':
      return { type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: block.thinking }] };
    case 'redacted_thinking':
      return undefined;
    default:
      return block satisfies never;
  }
}

function sourceUrl(source: Readonly<Record<string, unknown>>): string | null {
  if (typeof source['url'] === 'string') return source['url'];
  return typeof source['data'] === 'string' ? `data:${source['media_type']};base64,${source['data']}` : null;
}
