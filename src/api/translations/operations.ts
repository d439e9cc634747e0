import {
  CountMessageTokens,
  CreateMessage,
  Message,
  MessageError,
  MessageEvent,
  MessageTokensCount,
} from '../../contracts/anthropic-message.ts';
import { ChatCompletion, ChatCompletionChunk, CreateChatCompletion } from '../../contracts/chat-completion.ts';
import type { Operation } from '../openapi/operations.ts';

/** The other APIs' routes, as the OpenAPI document shows them. */
export const translatedOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/chat/completions',
    operationId: 'createChatCompletion',
    summary: 'OpenAI’s older shape on the same engine; thoughts in `reasoning_content` where the key may see them',
    body: CreateChatCompletion,
    answer: ChatCompletion,
    event: ChatCompletionChunk,
    errors: [400, 404, 413, 415, 429],
  },
  {
    method: 'post',
    path: '/v1/messages',
    operationId: 'createMessage',
    summary: 'Anthropic’s shape on the same engine; errors in their form',
    body: CreateMessage,
    answer: Message,
    event: MessageEvent,
    error: MessageError,
    errors: [400, 404, 413, 415, 429],
  },
  {
    method: 'post',
    path: '/v1/messages/count_tokens',
    operationId: 'countMessageTokens',
    summary: 'The tokens of a message request, without running it',
    body: CountMessageTokens,
    answer: MessageTokensCount,
    error: MessageError,
    errors: [400, 404, 413, 415],
  },
];
