import type { CreateResponse } from '../contracts/create-response.ts';
import type { ContentPart, InputItem } from '../contracts/input-item.ts';
import type { ChatMessage, FunctionTool, Prompt } from '../contracts/prompt.ts';
import type { Warning } from '../contracts/response.ts';
import { ServiceError } from '../contracts/service-error.ts';
import { fieldPath } from './validation-error.ts';

/**
 * Flattens instructions and input to turns.
 * @throws ServiceError `unsupported_input` naming the part that the model can't take, `invalid_value` for empty input
 */
export function buildPrompt(
  request: CreateResponse,
  { tools }: { tools?: FunctionTool[] },
): { prompt: Prompt; warnings: Warning[] } {
  const warnings: Warning[] = [];
  const messages: ChatMessage[] = [];
  if (request.instructions) messages.push({ role: 'system', content: request.instructions });
  if (typeof request.input === 'string') {
    messages.push({ role: 'user', content: request.input });
  } else {
    for (const [index, item] of request.input.entries()) append(messages, item, index, warnings);
  }
  const asks = messages.some((message) => message.role !== 'system' && message.content.trim() !== '');
  const calls = messages.some((message) => message.role === 'tool');
  if (!asks && !calls) {
    throw new ServiceError({
      code: 'invalid_value',
      message: "Invalid 'input': expected text that asks for something, got none.",
      param: 'input',
    });
  }
  return { prompt: { messages, ...(tools === undefined ? {} : { tools }) }, warnings };
}

function append(messages: ChatMessage[], item: InputItem, index: number, warnings: Warning[]): void {
  switch (item.type) {
    case undefined:
    case 'message': {
      const content = textOf(item.content, ['input', index, 'content']);
      messages.push({ role: item.role === 'developer' ? 'system' : item.role, content });
      return;
    }
    case 'function_call': {
      const call = { id: item.call_id, name: item.name, arguments: item.arguments };
      const last = messages.at(-1);
      // Calls that were made together are one turn of the model's.
      if (last?.role === 'assistant') last.toolCalls = [...(last.toolCalls ?? []), call];
      else messages.push({ role: 'assistant', content: '', toolCalls: [call] });
      return;
    }
    case 'function_call_output': {
      const content = textOf(item.output, ['input', index, 'output']);
      messages.push({ role: 'tool', content, toolCallId: item.call_id });
      return;
    }
    case 'reasoning':
      warnings.push({ field: fieldPath(['input', index]), message: 'Earlier reasoning is left out of the prompt.' });
      return;
    case 'item_reference':
      throw unsupported(['input', index], 'expected the item itself; references are not resolved');
    default:
      item satisfies never;
  }
}

function textOf(content: string | readonly ContentPart[], path: Array<string | number>): string {
  if (typeof content === 'string') return content;
  return content.map((part, index) => partText(part, [...path, index])).join('');
}

function partText(part: ContentPart, path: Array<string | number>): string {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
      return part.text;
    case 'refusal':
      return part.refusal;
    case 'input_image':
      throw unsupported(path, "expected text; the model can't see images");
    case 'input_file':
      throw unsupported(path, "expected text; the model can't read files");
    default:
      return part satisfies never;
  }
}

function unsupported(path: Array<string | number>, expected: string): ServiceError {
  const param = fieldPath(path);
  return new ServiceError({ code: 'unsupported_input', message: `Invalid '${param}': ${expected}.`, param });
}
