import type { ChatContentPart, ChatMessageParam } from '../../contracts/chat-completion.ts';
import type { ContentPart, InputItem } from '../../contracts/input-item.ts';

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
