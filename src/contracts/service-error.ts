/** `type` of the error envelope, as OpenAI's clients know them. */
export type ErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'not_found_error'
  | 'conflict_error'
  | 'rate_limit_error'
  | 'service_unavailable'
  | 'server_error';

/** Every code that a client can meet, with its HTTP status and type. `docs/errors.md` is generated from this list. */
export const errorCodes = {
  invalid_json: { status: 400, type: 'invalid_request_error' },
  invalid_value: { status: 400, type: 'invalid_request_error' },
  missing_required_parameter: { status: 400, type: 'invalid_request_error' },
  conflicting_parameters: { status: 400, type: 'invalid_request_error' },
  context_length_exceeded: { status: 400, type: 'invalid_request_error' },
  unsupported_constraint: { status: 400, type: 'invalid_request_error' },
  unsupported_input: { status: 400, type: 'invalid_request_error' },
  invalid_api_key: { status: 401, type: 'authentication_error' },
  insufficient_scope: { status: 403, type: 'permission_error' },
  host_not_allowed: { status: 403, type: 'permission_error' },
  not_found: { status: 404, type: 'not_found_error' },
  model_not_found: { status: 404, type: 'not_found_error' },
  conflict: { status: 409, type: 'conflict_error' },
  body_too_large: { status: 413, type: 'invalid_request_error' },
  unsupported_media_type: { status: 415, type: 'invalid_request_error' },
  rate_limit_exceeded: { status: 429, type: 'rate_limit_error' },
  queue_full: { status: 429, type: 'rate_limit_error' },
  model_unavailable: { status: 503, type: 'service_unavailable' },
  backend_unavailable: { status: 503, type: 'service_unavailable' },
  server_error: { status: 500, type: 'server_error' },
} as const satisfies Record<string, { status: number; type: ErrorType }>;

export type ErrorCode = keyof typeof errorCodes;

/** The one error that crosses boundaries: its message is written for the caller and shows nothing internal. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: ErrorCode;
  /** The request field at fault, as the caller wrote it: `reasoning.budget_tokens`, `input[2].role`. */
  readonly param: string | undefined;
  /** True where the same call may succeed later. */
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
