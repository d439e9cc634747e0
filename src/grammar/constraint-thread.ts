/** The thread of check-on-thread.ts: sends `ready`, then one answer for each list of constraints. */
import { parentPort } from 'node:worker_threads';
import type { Constraint } from '../contracts/responses/constraint.ts';
import { constraintFault } from './constraint-language.ts';

parentPort?.on('message', (constraints: Constraint[]) => {
  const faults = constraints.map((constraint) => constraintFault(constraint));
  parentPort?.postMessage(faults.map((fault) => fault && { message: fault.message, param: fault.param }));
});
parentPort?.postMessage('ready');
