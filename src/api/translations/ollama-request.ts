import { OllamaChatRequest, OllamaOptions } from '../../contracts/ollama-chat.ts';
import { isObject } from '../read-json.ts';
import { itemsOfOllama } from './ollama-messages.ts';
import { foreignFields, type Translation } from './translation.ts';

const notHonoured: Readonly<Record<string, string>> = {
  keep_alive: 'Models stay loaded.',
  template: 'The model’s own template is used.',
};

const options = ['temperature', 'top_p', 'top_k', 'min_p', 'seed', 'stop'] as const;

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
    message: 'Not honoured. How the model runs is the service’s configuration.',
  }));
  return {
    origins: new Map<string, string>([
      ['input', 'messages'],
      ['max_output_tokens', 'options.num_predict'],
      ['text.format', 'format'],
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

function formatOf(format: 'json' | Record<string, unknown>): object {
  return format === 'json' ? { type: 'json_object' } : { type: 'json_schema', name: 'output', schema: format };
}

/** The text is a user message's first part, its images follow. */
function images(item: object, index: number, origin: string): Array<[string, string]> {
  if (!('content' in item) || !Array.isArray(item.content)) return [];
  return item.content.slice(1).map((_part, at) => [`input[${index}].content[${at + 1}]`, `${origin}.images[${at}]`]);
}
