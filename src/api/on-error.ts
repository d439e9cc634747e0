import type { ErrorHandler, HonoRequest } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ErrorEnvelope } from '../contracts/service/error-envelope.ts';
import { ServiceError } from '../contracts/service/service-error.ts';
import type { ApiEnvironment, ApiLog } from './dependencies.ts';

/**
 * Every error of every route ends here, as the contract's envelope (a translated API's own, where one is given); what is
 * not ours becomes a plain `server_error`.
 */
export function createOnError(
  log: ApiLog,
  envelope: (error: ServiceError, requestId: string, request: HonoRequest) => object = errorEnvelope,
): ErrorHandler<ApiEnvironment> {
  return function onError(error, c) {
    const fault = asServiceError(error);
    if (fault.code === 'server_error') log.error({ err: error, request_id: c.get('requestId') }, 'unexpected error');
    if (fault.retryAfterSeconds !== undefined || fault.status === 503) {
      c.header('retry-after', String(fault.retryAfterSeconds ?? 5));
    }
    // OpenAI's clients retry these by themselves; what no retry mends says so.
    if (!fault.retryable && (fault.status === 409 || fault.status === 429)) c.header('x-should-retry', 'false');
    return c.json(envelope(fault, c.get('requestId'), c.req), fault.status);
  };
}

/** The body of an error answer, in the form that OpenAI's clients parse. */
export function errorEnvelope(error: ServiceError): ErrorEnvelope {
  return { error: { message: error.message, type: error.type, code: error.code, param: error.param ?? null } };
}

/** Shows nothing internal: what is not a ServiceError keeps its message to itself. */
export function asServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  if (error instanceof HTTPException && error.status < 500) {
    return new ServiceError({ code: 'invalid_value', message: 'The request could not be read.', cause: error });
  }
  return new ServiceError({ code: 'server_error', message: 'Something went wrong on our side.', cause: error });
}
