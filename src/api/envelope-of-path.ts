import type { HonoRequest } from 'hono';
import type { ServiceError } from '../contracts/service/service-error.ts';
import { errorEnvelope } from './on-error.ts';
import { messageError } from './protocols/messages/message-error.ts';

type Asked = Pick<HonoRequest, 'path' | 'header'>;

/** An error in the form that the caller's API has: by the path, and for Anthropic's clients, which name their version, on any. */
export function envelopeOfPath(error: ServiceError, requestId: string, request: Asked): object {
  if (isAnthropic(request)) return messageError(error, requestId);
  if (request.path === '/api' || request.path.startsWith('/api/')) return { error: error.message };
  return errorEnvelope(error);
}

export function isAnthropic(request: Asked): boolean {
  const { path } = request;
  return (
    path === '/v1/messages' || path.startsWith('/v1/messages/') || request.header('anthropic-version') !== undefined
  );
}
