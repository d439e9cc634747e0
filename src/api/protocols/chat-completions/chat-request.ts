import { type ChatTool, CreateChatCompletion } from '../../../contracts/protocols/chat-completion.ts';
import { ServiceError } from '../../../contracts/service/service-error.ts';
import { conflict } from '../../responses/resolve-reasoning.ts';
import { parseBody } from '../../validation-error.ts';
import { foreignFields, type Translation } from '../translation.ts';
import { itemsOfChat } from './chat-messages.ts';

/** Fields of theirs that nothing here acts on, and what is so instead. */
const notHonoured: Readonly<Record<string, string>> = {
  modalities: 'Only text answers are supported.',
  audio: 'Only text answers are supported.',
  prediction: 'Predicted outputs are not supported.',
  web_search_options: 'Web search is not supported.',
  functions: 'Use tools.',
  function_call: 'Use tool_choice.',
};

/** @throws ServiceError of status 400 naming the field */
export function parseChat(body: Readonly<Record<string, unknown>>): CreateChatCompletion {
  const request = parseBody(CreateChatCompletion, body);
  const { max_tokens, max_completion_tokens } = request;
  if (max_tokens && max_completion_tokens && max_tokens !== max_completion_tokens) {
    throw conflict('max_tokens', 'max_completion_tokens');
  }
  if (request.top_logprobs && !request.logprobs) {
    const message = "Invalid 'top_logprobs': expected 'logprobs' to be true.";
    throw new ServiceError({ code: 'invalid_value', message, param: 'top_logprobs' });
  }
  return request;
}

/** A chat completion's request as ours. `body` is what was sent, for the fields that the schema doesn't know. */
export function translateChat(request: CreateChatCompletion, body: Readonly<Record<string, unknown>>): Translation {
  const items = itemsOfChat(request.messages);
  const origins = new Map<string, string>([
    ['input', 'messages'],
    ['max_output_tokens', request.max_completion_tokens ? 'max_completion_tokens' : 'max_tokens'],
    ['text.format', 'response_format'],
    ['text.format.schema', 'response_format.json_schema.schema'],
    ['text.verbosity', 'verbosity'],
    ['include', 'logprobs'],
    ...items.map(({ origin }, index): [string, string] => [`input[${index}]`, origin]),
    ...(request.tools ?? []).map((tool, index): [string, string] => [
      `tools[${index}]`,
      `tools[${index}].${tool.type}`,
    ]),
  ]);
  const { stream_options, n: _n, messages: _messages, max_tokens, max_completion_tokens, ...rest } = request;
  const { response_format, tools, tool_choice, logprobs, verbosity, stream: _stream, ...same } = rest;
  const text = { ...formatOf(response_format), ...(verbosity ? { verbosity } : {}) };
  const obfuscation = stream_options?.include_obfuscation;
  return {
    origins,
    warnings: foreignFields(body, CreateChatCompletion.shape, notHonoured),
    body: {
      ...same,
      input: items.map(({ item }) => item),
      max_output_tokens: max_completion_tokens ?? max_tokens,
      ...(Object.keys(text).length > 0 ? { text } : {}),
      ...(tools ? { tools: tools.map(toolOf) } : {}),
      ...(tool_choice ? { tool_choice: choiceOf(tool_choice) } : {}),
      ...(logprobs ? { include: ['message.output_text.logprobs'] } : {}),
      ...(obfuscation === undefined ? {} : { stream_options: { include_obfuscation: obfuscation } }),
    },
  };
}

function formatOf(format: CreateChatCompletion['response_format']): object {
  if (!format) return {};
  if (format.type !== 'json_schema') return { format };
  // Without a schema theirs takes any object.
  const { schema = { type: 'object' }, ...named } = format.json_schema;
  return { format: { type: format.type, schema, ...named } };
}

function choiceOf(choice: NonNullable<CreateChatCompletion['tool_choice']>): unknown {
  if (typeof choice === 'string') return choice;
  if (choice.type !== 'allowed_tools') return namedTool(choice);
  const { mode, tools } = choice.allowed_tools;
  return { type: 'allowed_tools', mode, tools: tools.map(namedTool) };
}

type NamedTool = Extract<NonNullable<CreateChatCompletion['tool_choice']>, { type: 'function' | 'custom' }>;

function namedTool(choice: NamedTool): { type: string; name: string } {
  return { type: choice.type, ...(choice.type === 'function' ? choice.function : choice.custom) };
}

function toolOf(tool: ChatTool): unknown {
  if (tool.type === 'function') return { type: tool.type, ...tool.function };
  const { format, ...custom } = tool.custom;
  const flat = format?.type === 'grammar' ? { type: format.type, ...format.grammar } : format;
  return { type: tool.type, ...custom, format: flat };
}
