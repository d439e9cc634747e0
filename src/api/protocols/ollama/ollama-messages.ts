import type { OllamaMessage } from '../../../contracts/protocols/ollama-chat.ts';
import type { InputItem } from '../../../contracts/responses/input-item.ts';
import type { OriginatedItem } from '../chat-completions/chat-messages.ts';

/**
 * Ollama's messages as input items. Their calls need no ids: a call without one is numbered, and a tool's answer without
 * one belongs to the first call (of its tool, where it names one) that has none yet.
 */
export function itemsOfOllama(messages: readonly OllamaMessage[]): OriginatedItem[] {
  const open: Array<{ id: string; name: string }> = [];
  let calls = 0;
  return messages.flatMap((message, index): OriginatedItem[] => {
    const origin = `messages[${index}]`;
    const content = message.content ?? '';
    switch (message.role) {
      case 'system':
        return [{ item: { role: 'system', content }, origin }];
      case 'user':
        return userItems(message, content, origin);
      case 'assistant': {
        const thought = message.thinking ? [{ item: reasoning(message.thinking), origin: `${origin}.thinking` }] : [];
        const said = content === '' ? [] : [{ item: { role: 'assistant' as const, content }, origin }];
        const called = (message.tool_calls ?? []).map((call, at): OriginatedItem => {
          const id = call.id || `call_${calls++}`;
          const { name } = call.function;
          open.push({ id, name });
          const item = { call_id: id, name, arguments: JSON.stringify(call.function.arguments) };
          return { item: { type: 'function_call', ...item }, origin: `${origin}.tool_calls[${at}]` };
        });
        return [...thought, ...said, ...called];
      }
      case 'tool': {
        const answered = open.findIndex(({ id, name }) =>
          message.tool_call_id ? id === message.tool_call_id : !message.tool_name || name === message.tool_name,
        );
        const id = message.tool_call_id || open[answered]?.id || `call_${calls++}`;
        if (answered >= 0) open.splice(answered, 1);
        return [{ item: { type: 'function_call_output', call_id: id, output: content }, origin }];
      }
      default:
        return message.role satisfies never;
    }
  });
}

function userItems({ images }: OllamaMessage, content: string, origin: string): OriginatedItem[] {
  if (!images || images.length === 0) return [{ item: { role: 'user', content }, origin }];
  const seen = images.map((data) => ({
    type: 'input_image' as const,
    image_url: `data:${imageType(data)};base64,${data}`,
  }));
  return [{ item: { role: 'user', content: [{ type: 'input_text', text: content }, ...seen] }, origin }];
}

/** By the first bytes, since Ollama's images are bare base64. */
function imageType(data: string): string {
  const types = { iVBOR: 'image/png', '/9j/': 'image/jpeg', R0lG: 'image/gif', UklG: 'image/webp' };
  return Object.entries(types).find(([start]) => data.startsWith(start))?.[1] ?? 'image/png';
}

function reasoning(text: string): InputItem {
  return { type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text }] };
}
