/**
 * The thread of schema-fit.ts, in JavaScript: a thread has no loader for TypeScript of its own, and starts in a tenth of
 * the time without one. Says `ready`, then one fit for each schema and value.
 */
import { parentPort } from 'node:worker_threads';
import { Validator } from '@cfworker/json-schema';

parentPort?.on('message', ({ schema, value }) => parentPort?.postMessage(fitOf(schema, value)));
parentPort?.postMessage('ready');

function fitOf(schema, value) {
  try {
    const { valid, errors } = new Validator(schema, '2020-12').validate(value);
    if (valid) return { fits: true };
    return { fits: false, at: errors[0]?.instanceLocation ?? '#', reason: errors[0]?.error ?? 'it does not fit' };
  } catch {
    return { fits: 'unknown', reason: 'the schema can’t be used' };
  }
}
