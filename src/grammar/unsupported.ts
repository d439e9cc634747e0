import { ServiceError } from '../contracts/service/service-error.ts';

/** The 400 for constraints that cannot be enforced: `param` is the place in the caller's request. */
export function unsupported(param: string, message: string, cause?: unknown): ServiceError {
  return new ServiceError({ code: 'unsupported_constraint', message: `${param}: ${message}`, param, cause });
}
