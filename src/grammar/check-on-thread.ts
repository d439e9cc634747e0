import { z } from 'zod';
import type { Constraint } from '../contracts/responses/constraint.ts';
import { ServiceError } from '../contracts/service/service-error.ts';
import { createAnsweringThread } from '../core/answering-thread.ts';
import { bundleEntry } from '../core/typescript-child.ts';
import { constraintFault, constraintParams } from './constraint-language.ts';
import { unsupported } from './unsupported.ts';

/** All constraints of one request, by the clock; an ordinary schema takes a few on a free machine. ms */
const timeLimit = 5_000;
/** Of the thread's heap. MiB. */
const memoryLimit = 256;
/** Characters of JSON that are read at once, where there is no pattern among them: a thread's answer takes longer. */
const smallLength = 1_000;

const Faults = z.array(z.object({ message: z.string(), param: z.string().optional() }).optional());

export type ConstraintChecker = (constraints: readonly Constraint[]) => Promise<Array<ServiceError | undefined>>;

/**
 * Why constraints can't be enforced, one after the other; undefined for one that can. Reading a schema of bounded size may
 * still take ten seconds (a thousand patterns), so it is read on a thread of its own, started at the first such schema and
 * ended with what takes longer than `timeLimit`.
 */
export function createConstraintChecker(): ConstraintChecker {
  const ask = createAnsweringThread<unknown>({ script: bundledThread, timeLimit, memoryLimit });
  return async (constraints) => {
    if (constraints.every(isSmall)) return constraints.map(constraintFault);
    const answer = await ask(constraints);
    switch (answer.status) {
      case 'answered':
        return Faults.parse(answer.value).map((fault) => fault && unsupportedAs(fault));
      case 'unstarted':
        // As good as it can be done without a thread.
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

/** Bundled, since a thread has no loader of TypeScript of its own. */
async function bundledThread(): Promise<URL> {
  const { code } = await bundleEntry(new URL('./constraint-thread.ts', import.meta.url));
  return new URL(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`);
}
