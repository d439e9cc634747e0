import {
  OllamaChatRequest,
  OllamaGenerateRequest,
  type OllamaMessage,
  OllamaOptions,
} from '../../../contracts/protocols/ollama-chat.ts';
import type { InputItem } from '../../../contracts/responses/input-item.ts';
import { ServiceError } from '../../../contracts/service/service-error.ts';
import { isObject } from '../../read-request.ts';
import type { OriginatedItem } from '../chat-completions/chat-messages.ts';
import { foreignFields, type Translation } from '../translation.ts';

/**
 * Ollama's messages as input items. Their calls need no ids: a call without one is numbered, and a tool's answer without
 * one belongs to the first call (of its tool, where it names one) that has none yet.
 */
function itemsOfOllama(messages: readonly OllamaMessage[]): OriginatedItem[] {
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

const notHonoured: Readonly<Record<string, string>> = {
  keep_alive: 'Models always stay loaded.',
  template: 'The model’s own template is used.',
  context: 'Send earlier turns as messages to /api/chat.',
};

const options = [
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'presence_penalty',
  'frequency_penalty',
  'seed',
  'stop',
] as const;

/** Their clients add a tag to a name that has none. */
export function modelName(name: string): string {
  return name.replace(/:latest$/, '');
}

/** An Ollama chat request as ours. `body` is what was sent, for the fields that the schemas don't know. */
export function translateOllama(request: OllamaChatRequest, body: Readonly<Record<string, unknown>>): Translation {
  const items = itemsOfOllama(request.messages ?? []);
  const { think, format, tools, logprobs, top_logprobs, mode, reasoning, store } = request;
  const { num_predict, ...sampling } = request.options ?? {};
  const sent = isObject(body['options']) ? body['options'] : {};
  const unknownOptions = foreignFields(sent, OllamaOptions.shape, {}).map(({ field }) => ({
    field: `options.${field}`,
    message: 'Not applied. The service’s configuration determines how the model runs.',
  }));
  return {
    origins: new Map<string, string>([
      ['input', 'messages'],
      ['max_output_tokens', 'options.num_predict'],
      ['text.format', 'format'],
      ['text.format.schema', 'format'],
      ['include', 'logprobs'],
      ['reasoning_effort', 'think'],
      ...options.map((name): [string, string] => [name, `options.${name}`]),
      ...items.flatMap(
        ({ item, origin }, index): Array<[string, string]> => [
          [`input[${index}]`, origin],
          ...images(item, index, origin),
        ],
      ),
      ...(tools ?? []).map((_tool, index): [string, string] => [`tools[${index}]`, `tools[${index}].function`]),
    ]),
    warnings: [...foreignFields(body, OllamaChatRequest.shape, notHonoured), ...unknownOptions],
    body: {
      model: modelName(request.model),
      input: items.map(({ item }) => item),
      ...sampling,
      ...{ mode, reasoning, store },
      ...(num_predict && num_predict > 0 ? { max_output_tokens: num_predict } : {}),
      ...(think === 'max' ? { reasoning_effort: 'max' } : { think }),
      ...(format ? { text: { format: formatOf(format) } } : {}),
      ...(tools ? { tools: tools.map((tool) => ({ type: 'function', ...tool.function })) } : {}),
      ...(logprobs ? { include: ['message.output_text.logprobs'], top_logprobs } : {}),
    },
  };
}

/**
 * A generate request as the chat of its one turn.
 * @throws ServiceError `unsupported_input` for a suffix
 */
export function translateGenerate(
  request: OllamaGenerateRequest,
  body: Readonly<Record<string, unknown>>,
): Translation {
  const { prompt, system, images: shown, raw, suffix, ...same } = request;
  if (suffix) throw noSuffix();
  const asked = { role: 'user' as const, content: prompt ?? '', ...(shown ? { images: shown } : {}) };
  const messages = system && !raw ? [{ role: 'system' as const, content: system }, asked] : [asked];
  const chat = translateOllama({ ...same, messages }, body);
  const at = `messages[${messages.length - 1}]`;
  const named = (theirs: string) =>
    theirs === 'messages' || theirs === at
      ? 'prompt'
      : theirs === 'messages[0]'
        ? 'system'
        : theirs.replace(`${at}.`, '');
  return {
    ...chat,
    ...(raw ? { raw, body: { ...chat.body, mode: 'fast', think: undefined, reasoning_effort: undefined } } : {}),
    origins: new Map([...chat.origins].map(([ours, theirs]) => [ours, named(theirs)])),
    warnings: chat.warnings.filter(({ field }) => !Object.hasOwn(OllamaGenerateRequest.shape, field)),
  };
}

/** Of a text that should end before another: neither chat models nor their servers take one. */
export function noSuffix(): ServiceError {
  const message = "Invalid 'suffix': not supported; text can only be continued at its end.";
  return new ServiceError({ code: 'unsupported_input', message, param: 'suffix' });
}

function formatOf(format: 'json' | Record<string, unknown>): object {
  return format === 'json' ? { type: 'json_object' } : { type: 'json_schema', name: 'output', schema: format };
}

/** The text is a user message's first part, its images follow. */
function images(item: object, index: number, origin: string): Array<[string, string]> {
  if (!('content' in item) || !Array.isArray(item.content)) return [];
  return item.content.slice(1).map((_part, at) => [`input[${index}].content[${at + 1}]`, `${origin}.images[${at}]`]);
}
