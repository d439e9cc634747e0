import { z } from 'zod';
import type { Constraint } from '../contracts/responses/constraint.ts';
import { ServiceError } from '../contracts/service/service-error.ts';
import { createAnsweringThread } from '../core/answering-thread.ts';
import { compiled } from '../core/compiled.mjs';
import { constraintFault, constraintParams } from './constraint-language.ts';
import { unsupported } from './unsupported.ts';

/** Time for all constraints of one request; an ordinary schema takes a few ms on an idle machine. ms */
const timeLimit = 5_000;
/** Limit of the thread's heap. MiB. */
const memoryLimit = 256;
/**
 * Constraints of at most so many characters of JSON, without patterns, are read directly, which is faster than asking
 * the thread.
 */
const smallLength = 1_000;

const Faults = z.array(z.object({ message: z.string(), param: z.string().optional() }).optional());

type ConstraintChecker = (constraints: readonly Constraint[]) => Promise<Array<ServiceError | undefined>>;

/**
 * For each constraint, why it cannot be enforced; undefined if it can. Reading a schema of limited size may still take
 * ten seconds (a thousand patterns), so it is read on a separate thread, which is started at the first such schema and
 * terminated after `timeLimit`.
 */
export function createConstraintChecker(): ConstraintChecker {
  const script = () => compiled(new URL('./constraint-thread.ts', import.meta.url));
  const ask = createAnsweringThread<unknown>({ script, timeLimit, memoryLimit });
  return async (constraints) => {
    if (constraints.every(isSmall)) return constraints.map(constraintFault);
    const answer = await ask(constraints);
    switch (answer.status) {
      case 'answered':
        return Faults.parse(answer.value).map((fault) => fault && unsupportedAs(fault));
      case 'unstarted':
        // The best that can be done without a thread.
        return constraints.map(constraintFault);
      case 'unanswered':
        return constraints.map(({ type }) => unsupported(constraintParams[type], 'reading it takes too long'));
      default:
        return answer satisfies never;
    }
  };
}

function isSmall(constraint: Constraint): boolean {
  const text = JSON.stringify(constraint);
  return text.length <= smallLength && !/"pattern/.test(text);
}

function unsupportedAs({ message, param }: { message: string; param?: string | undefined }): ServiceError {
  return new ServiceError({ code: 'unsupported_constraint', message, ...(param === undefined ? {} : { param }) });
}
