import { type CountMessageTokens, CreateMessage } from '../../../contracts/protocols/anthropic-message.ts';
import type { Warning } from '../../../contracts/responses/response.ts';
import type { Thoughts } from '../answer-pieces.ts';
import { foreignFields, type Translation } from '../translation.ts';
import { itemsOfMessages, text } from './message-items.ts';

/** Fields of theirs that nothing here acts on, and what is so instead. */
const notHonoured: Readonly<Record<string, string>> = {
  service_tier: 'All requests wait in one queue.',
  container: 'There are no containers.',
  inference_geo: 'It runs here.',
  context_management: 'Nothing is cut.',
  mcp_servers: 'No server is called.',
  cache_control: 'Prompts are cached by their text alone.',
};

/** What the caller asked to see of the thoughts, as far as the key may see them. */
export function wantedThoughts({ thinking }: CreateMessage, trace: 'none' | 'summary' | 'full'): Thoughts {
  const shows = thinking && thinking.type !== 'disabled' && thinking.display !== 'omitted';
  return shows ? trace : 'none';
}

/** The part of a message request that makes the prompt, as ours. */
export function translateMessagePrompt(request: CountMessageTokens): Translation {
  const { items, origins } = itemsOfMessages(request.messages);
  const { model, system, tools, tool_choice, thinking, output_config } = request;
  const format = output_config?.format;
  const effort = output_config?.effort;
  const last = request.messages.length - 1;
  return {
    origins: new Map([
      ['input', 'messages'],
      ['instructions', 'system'],
      ['text.format', 'output_config.format'],
      ['max_output_tokens', 'max_tokens'],
      ['stop', 'stop_sequences'],
      ['user', 'metadata.user_id'],
      ['parallel_tool_calls', 'tool_choice.disable_parallel_tool_use'],
      ...(tools ?? []).map((_tool, index): [string, string] => [
        `tools[${index}].parameters`,
        `tools[${index}].input_schema`,
      ]),
      ...origins,
    ]),
    warnings:
      request.messages[last]?.role === 'assistant'
        ? [
            {
              field: `messages[${last}]`,
              message: 'Not applied. Prefilling the answer is not supported; a new answer is generated.',
            },
          ]
        : [],
    body: {
      model,
      input: items,
      ...(system ? { instructions: typeof system === 'string' ? system : text(system) } : {}),
      ...(tools ? { tools: tools.map(toolOf) } : {}),
      ...(tool_choice ? choiceOf(tool_choice) : {}),
      ...(thinking ? { thinking } : {}),
      ...(effort ? { output_config: { effort } } : {}),
      ...(format ? { text: { format: { type: 'json_schema', name: 'output', schema: format.schema } } } : {}),
    },
  };
}

/** A message request as ours. `body` is what was sent, for the fields that the schema doesn't know. */
export function translateMessage(request: CreateMessage, body: Readonly<Record<string, unknown>>): Translation {
  const prompt = translateMessagePrompt(request);
  const { max_tokens, stop_sequences, temperature, top_p, top_k, metadata } = request;
  const { mode, reasoning, seed, deterministic, store } = request;
  const unknown: Warning[] = foreignFields(body, CreateMessage.shape, notHonoured);
  return {
    ...prompt,
    // Theirs thinks where it is asked to, so a client that does not ask has no tokens billed that it can't see.
    ...(reasoning ? {} : { defaultEffort: 'none' as const }),
    warnings: [...unknown, ...prompt.warnings],
    body: {
      ...prompt.body,
      max_output_tokens: max_tokens,
      stop: stop_sequences,
      user: metadata?.user_id,
      ...{ temperature, top_p, top_k, mode, reasoning, seed, deterministic, store },
    },
  };
}

function toolOf(tool: NonNullable<CountMessageTokens['tools']>[number]): object {
  const { name, description, input_schema, strict } = tool;
  return { type: 'function', name, description, parameters: input_schema, strict };
}

function choiceOf(choice: NonNullable<CountMessageTokens['tool_choice']>): object {
  const parallel = choice.type !== 'none' && choice.disable_parallel_tool_use ? { parallel_tool_calls: false } : {};
  switch (choice.type) {
    case 'auto':
    case 'none':
      return { tool_choice: choice.type, ...parallel };
    case 'any':
      return { tool_choice: 'required', ...parallel };
    case 'tool':
      return { tool_choice: { type: 'function', name: choice.name }, ...parallel };
    default:
      return choice satisfies never;
  }
}
