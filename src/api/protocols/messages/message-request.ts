import { z } from 'zod';
import {
  type CountMessageTokens,
  CreateMessage,
  type MessageBlockParam,
  type MessageParam,
} from '../../../contracts/protocols/anthropic-message.ts';
import type { ContentPart, InputItem } from '../../../contracts/responses/input-item.ts';
import type { Warning } from '../../../contracts/responses/response.ts';
import type { Thoughts } from '../answer-pieces.ts';
import { foreignFields, type Translation } from '../translation.ts';

type Part = Exclude<ContentPart, { type: 'output_text' | 'refusal' }>;
type ShownBlock = Extract<MessageBlockParam, { type: 'text' | 'image' | 'document' }>;

/** Anthropic's messages as input items, and where each item and part came from. */
function itemsOfMessages(messages: readonly MessageParam[]): {
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

function text(blocks: readonly ShownBlock[]): string {
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

/** Fields of theirs that nothing here acts on, and what is so instead. */
const notHonoured: Readonly<Record<string, string>> = {
  service_tier: 'There is one queue for all requests.',
  container: 'Containers are not supported.',
  inference_geo: 'The request always runs on this service.',
  context_management: 'The context is never shortened.',
  mcp_servers: 'MCP servers are not called for this API.',
  cache_control: 'Prompts are cached by their text.',
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
