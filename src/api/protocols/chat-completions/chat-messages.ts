import type { ChatContentPart, ChatMessageParam } from '../../../contracts/protocols/chat-completion.ts';
import type { StoredChatMessage } from '../../../contracts/protocols/stored-chat-completion.ts';
import type { ContentPart, InputItem } from '../../../contracts/responses/input-item.ts';

/** Items of `input`, each with the caller's name of where it came from. */
export type OriginatedItem = { item: InputItem; origin: string };

/** Chat messages as input items: a message with tool calls becomes several. */
export function itemsOfChat(messages: readonly ChatMessageParam[]): OriginatedItem[] {
  return messages.flatMap((message, index) => {
    const origin = `messages[${index}]`;
    return itemsOfMessage(message).map(({ item, at }) => ({ item, origin: `${origin}${at}` }));
  });
}

function itemsOfMessage(message: ChatMessageParam): Array<{ item: InputItem; at: string }> {
  switch (message.role) {
    case 'system':
    case 'developer':
    case 'user': {
      const { role, content } = message;
      return [{ item: { role, content: typeof content === 'string' ? content : content.map(inputPart) }, at: '' }];
    }
    case 'tool':
      // A result of either kind of tool: which one it was, its call says.
      return [{ item: { type: 'function_call_output', call_id: message.tool_call_id, output: text(message) }, at: '' }];
    case 'assistant':
      return [...thought(message), ...said(message), ...calls(message)];
    default:
      return message satisfies never;
  }
}

type Assistant = Extract<ChatMessageParam, { role: 'assistant' }>;

function thought({ reasoning_content }: Assistant): Array<{ item: InputItem; at: string }> {
  if (!reasoning_content) return [];
  const content = [{ type: 'reasoning_text' as const, text: reasoning_content }];
  return [{ item: { type: 'reasoning', summary: [], content }, at: '.reasoning_content' }];
}

function said(message: Assistant): Array<{ item: InputItem; at: string }> {
  const content = text(message) || message.refusal || '';
  return content === '' ? [] : [{ item: { role: 'assistant', content }, at: '' }];
}

function calls({ tool_calls }: Assistant): Array<{ item: InputItem; at: string }> {
  return (tool_calls ?? []).map((call, index) => ({
    item:
      call.type === 'function'
        ? { type: 'function_call', call_id: call.id, ...call.function }
        : { type: 'custom_tool_call', call_id: call.id, ...call.custom },
    at: `.tool_calls[${index}]`,
  }));
}

function text({ content }: { content?: string | readonly ChatContentPart[] | null | undefined }): string {
  if (!content || typeof content === 'string') return content ?? '';
  return content
    .map((part) => (part.type === 'text' ? part.text : part.type === 'refusal' ? part.refusal : ''))
    .join('');
}

type InputPart = Exclude<ContentPart, { type: 'output_text' | 'refusal' }>;

/** Images and files keep their place, so that a refusal names it. */
function inputPart(part: Exclude<ChatContentPart, { type: 'refusal' }>): InputPart {
  switch (part.type) {
    case 'text':
      return { type: 'input_text', text: part.text };
    case 'image_url':
      return { type: 'input_image', image_url: part.image_url.url, ...detail(part.image_url) };
    case 'file':
      return { type: 'input_file', ...part.file };
    default:
      return part satisfies never;
  }
}

function detail({ detail }: { detail?: 'auto' | 'low' | 'high' | undefined }): { detail?: 'auto' | 'low' | 'high' } {
  return detail === undefined ? {} : { detail };
}

type StoredMessage = Omit<StoredChatMessage, 'id'>;

/** The way back from `itemsOfChat`: a thought, the text after it and the calls that follow are one message. */
export function messagesOfItems(items: readonly InputItem[]): StoredMessage[] {
  const messages: StoredMessage[] = [];
  /** Adds to the assistant's last message while it has none of `fields` yet. */
  const assistant = (added: Partial<StoredMessage>, ...fields: (keyof StoredMessage)[]) => {
    const last = messages.at(-1);
    const goesOn = last?.role === 'assistant' && fields.every((field) => (last[field] ?? null) === null);
    if (goesOn) messages.splice(-1, 1, { ...last, ...added });
    else messages.push({ role: 'assistant', ...empty, ...added });
  };
  for (const item of items) {
    switch (item.type) {
      case 'reasoning': {
        const thought = (item.content ?? []).map(({ text }) => text).join('');
        if (thought !== '') messages.push({ role: 'assistant', ...empty, reasoning_content: thought });
        break;
      }
      case 'function_call': {
        const { call_id: id, name } = item;
        addCall({ id, type: 'function', function: { name, arguments: item.arguments } });
        break;
      }
      case 'custom_tool_call': {
        const { call_id: id, name } = item;
        addCall({ id, type: 'custom', custom: { name, input: item.input } });
        break;
      }
      case 'function_call_output': {
        const { call_id: tool_call_id, output } = item;
        messages.push({ role: 'tool', ...contentOf(output), refusal: null, tool_call_id });
        break;
      }
      case 'message':
      case undefined:
        if (item.role === 'assistant') assistant(contentOf(item.content), 'content', 'tool_calls');
        else messages.push({ role: item.role, ...contentOf(item.content), refusal: null });
        break;
      default:
      // No chat message becomes one of these.
    }
  }
  return messages;

  function addCall(call: NonNullable<StoredMessage['tool_calls']>[number]): void {
    const last = messages.at(-1);
    assistant({ tool_calls: [...((last?.role === 'assistant' && last.tool_calls) || []), call] });
  }
}

const empty = { content: null, content_parts: null, refusal: null };

function contentOf(content: string | readonly ContentPart[]): Pick<StoredMessage, 'content' | 'content_parts'> {
  if (typeof content === 'string') return { content, content_parts: null };
  return { content: null, content_parts: content.flatMap(chatPart) };
}

function chatPart(part: ContentPart): NonNullable<StoredMessage['content_parts']> {
  switch (part.type) {
    case 'input_text':
      return [{ type: 'text', text: part.text }];
    case 'input_image': {
      const detail = part.detail === 'original' ? undefined : part.detail;
      return [{ type: 'image_url', image_url: { url: part.image_url ?? '', detail } }];
    }
    case 'input_file': {
      const { file_id, file_data, filename } = part;
      return [{ type: 'file', file: { file_id: file_id ?? undefined, file_data, filename } }];
    }
    case 'output_text':
    case 'refusal':
      return [];
    default:
      return part satisfies never;
  }
}
