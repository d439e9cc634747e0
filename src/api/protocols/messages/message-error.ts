import type { MessageError } from '../../../contracts/protocols/anthropic-message.ts';
import type { ServiceError } from '../../../contracts/service/service-error.ts';

/** An error in the form that Anthropic's clients parse. */
export function messageError(error: ServiceError, requestId: string): MessageError {
  const { message, param, status } = error;
  const details = param === 'thread' ? { details: { error_code: noThreads, unsupported: ['thread'] } } : {};
  return { type: 'error', error: { type: typeOf(status), message, ...details }, request_id: requestId };
}

/** Their SDKs' tool runners begin with a thread and, told this, send the whole conversation each time. */
const noThreads = 'thread_unsupported_request';

/** Anthropic's name for an error of a status. */
export function typeOf(status: number): string {
  switch (status) {
    case 401:
      return 'authentication_error';
    case 403:
      return 'permission_error';
    case 404:
      return 'not_found_error';
    case 413:
      return 'request_too_large';
    case 429:
      return 'rate_limit_error';
    case 503:
      return 'overloaded_error';
    default:
      return status < 500 ? 'invalid_request_error' : 'api_error';
  }
}
