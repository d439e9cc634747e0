import type { MessageError } from '../../contracts/anthropic-message.ts';
import type { ServiceError } from '../../contracts/service-error.ts';

/** An error in the form that Anthropic's clients parse. */
export function messageError(error: ServiceError, requestId: string): MessageError {
  return { type: 'error', error: { type: typeOf(error), message: error.message }, request_id: requestId };
}

function typeOf({ status }: ServiceError): string {
  switch (status) {
    case 400:
    case 405:
    case 409:
    case 415:
      return 'invalid_request_error';
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
    case 500:
      return 'api_error';
    default:
      return status satisfies never;
  }
}
