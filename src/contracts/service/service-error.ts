/** `type` of the error envelope, as OpenAI's clients know them. */
type ErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'not_found_error'
  | 'conflict_error'
  | 'rate_limit_error'
  | 'service_unavailable'
  | 'server_error';

/** Every error code with its HTTP status, type, and what to do about it. `npm run docs:errors` writes `docs/errors.md` from it. */
export const errorCodes = {
  invalid_json: {
    status: 400,
    type: 'invalid_request_error',
    meaning: 'The body is not a JSON object in UTF-8, or is incomplete. Send a complete one.',
  },
  invalid_value: {
    status: 400,
    type: 'invalid_request_error',
    meaning: 'A field has an invalid value. `param` names the field, `message` says what is allowed.',
  },
  missing_required_parameter: {
    status: 400,
    type: 'invalid_request_error',
    meaning: 'A required field is missing. `param` names it.',
  },
  conflicting_parameters: {
    status: 400,
    type: 'invalid_request_error',
    meaning: 'Two fields contradict each other; `message` names both. Leave one out or make them agree.',
  },
  context_length_exceeded: {
    status: 400,
    type: 'invalid_request_error',
    meaning: 'The input is longer than the model’s context. Shorten it, or send `truncation: "auto"`.',
  },
  unsupported_constraint: {
    status: 400,
    type: 'invalid_request_error',
    meaning: 'This model cannot enforce that output format. `param` names the format, or the place in the schema.',
  },
  unsupported_input: {
    status: 400,
    type: 'invalid_request_error',
    meaning: 'The model does not accept a part of the input, such as an image. `param` names the part.',
  },
  previous_response_not_found: {
    status: 400,
    type: 'invalid_request_error',
    meaning:
      'In WebSocket mode: the response to continue from is unknown, belongs to another key, or was not stored and is not the last one of this connection. Send the whole conversation as `input`.',
  },
  websocket_connection_limit_reached: {
    status: 400,
    type: 'invalid_request_error',
    meaning: 'The WebSocket has been open for the maximum time (60 minutes). Open another.',
  },
  invalid_api_key: {
    status: 401,
    type: 'authentication_error',
    meaning: 'The key is missing, unknown or revoked. Send `Authorization: Bearer …` (or `x-api-key`).',
  },
  insufficient_scope: {
    status: 403,
    type: 'permission_error',
    meaning: 'The key may not see or do this. Ask for a key with the scope that `message` names.',
  },
  host_not_allowed: {
    status: 403,
    type: 'permission_error',
    meaning:
      'The service does not allow this Host header. Its operator can allow more names with `THINKFIRST_ALLOWED_HOSTS`.',
  },
  origin_not_allowed: {
    status: 403,
    type: 'permission_error',
    meaning: 'A page of another site sent this. The service’s operator can allow sites with `THINKFIRST_CORS_ORIGINS`.',
  },
  not_found: {
    status: 404,
    type: 'not_found_error',
    meaning: 'The path, response, conversation or item does not exist or belongs to another key.',
  },
  model_not_found: {
    status: 404,
    type: 'not_found_error',
    meaning: 'No model has this name. `message` lists the available ones.',
  },
  method_not_allowed: {
    status: 405,
    type: 'invalid_request_error',
    meaning: 'The path does not support this method. The header `Allow` lists the supported ones.',
  },
  conflict: {
    status: 409,
    type: 'conflict_error',
    meaning: 'The state of the resource does not allow this now. If retrying cannot help, `x-should-retry` is `false`.',
  },
  body_too_large: {
    status: 413,
    type: 'invalid_request_error',
    meaning: 'The body is too large. `message` gives the limit.',
  },
  unsupported_media_type: {
    status: 415,
    type: 'invalid_request_error',
    meaning: 'The body is not `application/json`, or is compressed.',
  },
  rate_limit_exceeded: {
    status: 429,
    type: 'rate_limit_error',
    meaning: 'The key has sent too many requests, or too many of its responses are running. Wait for `Retry-After`.',
  },
  quota_exceeded: {
    status: 429,
    type: 'rate_limit_error',
    meaning:
      'The key’s tokens for this day (UTC) are used up, or fewer are left than the request may use. `x-should-retry` is `false`: request fewer tokens, or wait for the next day.',
  },
  queue_full: {
    status: 429,
    type: 'rate_limit_error',
    meaning: 'Too many responses are waiting. Try again after `Retry-After`.',
  },
  model_unavailable: {
    status: 503,
    type: 'service_unavailable',
    meaning: 'The model is not loaded or no longer available. Try again after `Retry-After`.',
  },
  backend_unavailable: {
    status: 503,
    type: 'service_unavailable',
    meaning: 'The queue or the store is not responding. Try again after `Retry-After`.',
  },
  server_error: {
    status: 500,
    type: 'server_error',
    meaning: 'An error in the service. Its log has details under the response’s `x-request-id`.',
  },
} as const satisfies Record<string, { status: number; type: ErrorType; meaning: string }>;

export type ErrorCode = keyof typeof errorCodes;

/** The only error that crosses boundaries: its message is written for the caller and reveals nothing internal. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: ErrorCode;
  /** The request field at fault, as the caller wrote it: `reasoning.budget_tokens`, `input[2].role`. */
  readonly param: string | undefined;
  /** True if the same call may succeed later. */
  readonly retryable: boolean;
  readonly retryAfterSeconds: number | undefined;

  constructor(options: {
    code: ErrorCode;
    message: string;
    param?: string;
    retryable?: boolean;
    retryAfterSeconds?: number;
    cause?: unknown;
  }) {
    super(options.message, { cause: options.cause });
    this.code = options.code;
    this.param = options.param;
    this.retryable = options.retryable ?? errorCodes[options.code].status >= 429;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): (typeof errorCodes)[ErrorCode]['status'] {
    return errorCodes[this.code].status;
  }

  get type(): ErrorType {
    return errorCodes[this.code].type;
  }
}

/** A model's server, or its process, went away in the middle: the same call may succeed. */
export function isModelLoss(error: unknown): error is ServiceError {
  return error instanceof ServiceError && error.code === 'model_unavailable' && error.retryable;
}

/** A field's value that is not allowed. `expected` has no full stop. */
export function invalidValue(param: string, expected: string): ServiceError {
  return new ServiceError({ code: 'invalid_value', message: `Invalid '${param}': ${expected}.`, param });
}

/** A part of the input that the model, or this service, cannot use. `reason` has no full stop. */
export function unsupportedInput(param: string, reason: string): ServiceError {
  return new ServiceError({ code: 'unsupported_input', message: `Invalid '${param}': ${reason}.`, param });
}
