/** Why the service gave no answer, in the kinds that a reader can do something about. */
export type FaultKind =
  | 'offline'
  | 'key'
  | 'scope'
  | 'limited'
  | 'missing'
  | 'unavailable'
  | 'invalid'
  | 'conflict'
  | 'server';

/** What passes by itself. A wrong request, key or scope does not. */
const mendable: ReadonlySet<FaultKind> = new Set(['offline', 'limited', 'unavailable', 'server']);

/** Every failure of a call, from the service's one envelope or from the network. */
export class ServiceFault extends Error {
  readonly kind: FaultKind;
  readonly code: string;
  /** The field at fault. */
  readonly param: string | null;
  /** Seconds, where the service said when to come back. */
  readonly retryAfter: number | undefined;
  readonly requestId: string | undefined;
  /** The same call may succeed later, unchanged. */
  readonly retryable: boolean;

  constructor(fault: {
    kind: FaultKind;
    message: string;
    code?: string;
    param?: string | null;
    retryAfter?: number | undefined;
    requestId?: string | undefined;
    /** False: the service said that no retry helps. */
    retryable?: boolean;
  }) {
    super(fault.message);
    this.name = 'ServiceFault';
    this.kind = fault.kind;
    this.code = fault.code ?? fault.kind;
    this.param = fault.param ?? null;
    this.retryAfter = fault.retryAfter;
    this.requestId = fault.requestId;
    this.retryable = mendable.has(fault.kind) && fault.retryable !== false;
  }
}

/** Whatever was thrown, as a fault that a view can show. */
export function asFault(error: unknown): ServiceFault {
  if (error instanceof ServiceFault) return error;
  // fetch rejects with a TypeError where nothing answers.
  if (error instanceof TypeError) return new ServiceFault({ kind: 'offline', message: 'The service does not answer.' });
  return new ServiceFault({ kind: 'server', message: error instanceof Error ? error.message : String(error) });
}

/** The fault that an error answer tells of. */
export async function faultOf(answer: Response): Promise<ServiceFault> {
  const told = await envelope(answer);
  const seconds = Number(answer.headers.get('retry-after') ?? Number.NaN);
  // A spent daily quota: no retry mends it soon.
  const retryable = answer.headers.get('x-should-retry') !== 'false';
  return new ServiceFault({
    kind: kindOf(answer.status),
    message: told?.message ?? `The service answered with status ${answer.status}.`,
    ...(told?.code === undefined ? {} : { code: told.code }),
    param: told?.param ?? null,
    retryable,
    retryAfter: retryable && Number.isFinite(seconds) ? Math.max(1, seconds) : undefined,
    requestId: answer.headers.get('x-request-id') ?? undefined,
  });
}

function kindOf(status: number): FaultKind {
  switch (status) {
    case 401:
      return 'key';
    case 403:
      return 'scope';
    case 404:
      return 'missing';
    case 409:
      return 'conflict';
    case 429:
      return 'limited';
    case 502:
    case 503:
    case 504:
      return 'unavailable';
    default:
      return status >= 500 ? 'server' : 'invalid';
  }
}

async function envelope(answer: Response) {
  try {
    const { error } = (await answer.json()) as Partial<
      import('../../../src/contracts/service/error-envelope.ts').ErrorEnvelope
    >;
    return error;
  } catch {
    return undefined;
  }
}
