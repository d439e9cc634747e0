import type { Constraint } from '../contracts/responses/constraint.ts';
import { ServiceError } from '../contracts/service/service-error.ts';
import { constraintLanguage, constraintParams } from './constraint-language.ts';
import { createArena } from './expression.ts';
import { unsupported } from './unsupported.ts';

/** Expressions that reading alone may make. */
const MAX_READ = 200_000;

/**
 * Reads a constraint as the engine will, without a vocabulary, so that an API can refuse before it accepts a job.
 * @throws ServiceError `unsupported_constraint`, `param` naming what can't be enforced
 */
export function checkConstraint(constraint: Constraint): void {
  try {
    const arena = createArena(MAX_READ);
    constraintLanguage(arena, constraint);
  } catch (error) {
    if (error instanceof RangeError) {
      throw unsupported(constraintParams[constraint.type], 'this is too complex to be enforced', error);
    }
    throw error;
  }
}

/** What `checkConstraint` throws of a caller's fault; undefined for a constraint that can be enforced. */
export function constraintFault(constraint: Constraint): ServiceError | undefined {
  try {
    checkConstraint(constraint);
    return undefined;
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
}
