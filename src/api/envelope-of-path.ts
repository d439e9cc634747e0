import type { ServiceError } from '../contracts/service-error.ts';
import { errorEnvelope } from './on-error.ts';
import { messageError } from './translations/message-error.ts';

/** What is refused before a route is reached (no key, a wrong host) still comes in the form of that route's API. */
export function envelopeOfPath(error: ServiceError, requestId: string, path: string): object {
  if (path === '/v1/messages' || path.startsWith('/v1/messages/')) return messageError(error, requestId);
  if (path.startsWith('/api/')) return { error: error.message };
  return errorEnvelope(error);
}
