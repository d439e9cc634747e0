import type { ErrorHandler, Hono, HonoRequest, NotFoundHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ErrorEnvelope } from '../contracts/service/error-envelope.ts';
import { ServiceError } from '../contracts/service/service-error.ts';
import type { ApiEnvironment, ApiLog } from './dependencies.ts';
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

/** 404 for a path that is not there; 405 with `Allow` for one that is, under other methods (RFC 9110, 15.5.6). */
export function createOnNotFound(app: Pick<Hono<ApiEnvironment>, 'routes'>): NotFoundHandler<ApiEnvironment> {
  let known: Array<{ method: string; matches: RegExp }> | undefined;
  return (c) => {
    // The routes are added after this handler is.
    known ??= app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => ({ method, matches: pattern(path) }));
    const methods = new Set(known.filter(({ matches }) => matches.test(c.req.path)).map(({ method }) => method));
    if (methods.has('GET')) methods.add('HEAD');
    if (methods.size === 0) {
      const message = 'This path does not exist. The API reference at /docs lists all paths.';
      return c.json(envelopeOfPath(new ServiceError({ code: 'not_found', message }), c.get('requestId'), c.req), 404);
    }
    const allowed = [...methods].sort().join(', ');
    c.header('allow', allowed);
    const message = `${c.req.method} is not allowed on this path. Allowed: ${allowed}.`;
    const fault = new ServiceError({ code: 'method_not_allowed', message });
    return c.json(envelopeOfPath(fault, c.get('requestId'), c.req), 405);
  };
}

/** A route's path as a regular expression: `:id`, or `:id{…}` with an expression of its own. */
function pattern(path: string): RegExp {
  return new RegExp(`^${path.replace(/:\w+(?:\{([^}]*)\})?/g, (_name, own: string | undefined) => own ?? '[^/]+')}$`);
}

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
  return new ServiceError({ code: 'server_error', message: 'An internal error occurred.', cause: error });
}
