import { setImmediate } from 'node:timers/promises';
import { type BatchEndpoint, type BatchRecord, BatchRequest } from '../../../contracts/protocols/batch.ts';
import { ServiceError } from '../../../contracts/service/service-error.ts';
import { parseTree, type TreeLimits } from '../../read-request.ts';
import { throwIfGone } from '../../responses/client-gone.ts';
import { parseBody } from '../../validation-error.ts';

/** Requests of one batch. */
export const mostRequests = 2_000;

type BatchError = BatchRecord['errors'][number];

export type BatchInput = { requests: BatchRequest[]; errors: BatchError[] };

/** Bytes of a file that are read before the event loop gets a turn. */
const sliceBytes = 262_144;
const linesOfATurn = 100;

/**
 * A line of a file is a request, and no larger than one.
 * @throws ServiceError `body_too_large` naming the line
 */
export function checkLineSizes(bytes: Uint8Array, maxBytes: number): void {
  let start = 0;
  while (bytes.length - start > maxBytes) {
    // From line end to line end, as far apart as a line may be long: a file of nothing but line ends has as few steps.
    const end = bytes.lastIndexOf(lineFeed, start + maxBytes);
    if (end < start) throw tooLarge(bytes.subarray(0, start).filter((byte) => byte === lineFeed).length + 1, maxBytes);
    start = end + 1;
  }
}

function tooLarge(number: number, maxBytes: number): ServiceError {
  const message = `Line ${number} of the file is too large; expected at most ${maxBytes} bytes.`;
  return new ServiceError({ code: 'body_too_large', message, param: 'file' });
}

/**
 * A JSONL of requests, read whole: `errors` names each line that is none, and then nothing of the file is run. The event
 * loop gets a turn between slices.
 */
export async function readBatchInput(
  bytes: Uint8Array,
  { endpoint, limits, signal }: { endpoint: BatchEndpoint; limits: TreeLimits; signal: AbortSignal },
): Promise<BatchInput> {
  await setImmediate();
  const requests: BatchRequest[] = [];
  const errors: BatchError[] = [];
  let count = 0;
  for (const found of linesOf(bytes)) {
    if (found === 'slice') {
      await setImmediate();
      throwIfGone(signal);
      continue;
    }
    if (++count > mostRequests) break;
    // Short lines that are no requests make a fault each, many to a slice.
    if (count % linesOfATurn === 0) await setImmediate();
    const { line, number } = found;
    try {
      requests.push(parseRequest(parseTree(line, limits), endpoint));
    } catch (error) {
      const fault = error instanceof ServiceError ? error : undefined;
      const code = fault?.code ?? 'invalid_json';
      const message = code === 'invalid_json' || !fault ? 'The line is not valid JSON.' : fault.message;
      errors.push({ code, message, param: fault?.param ?? null, line: number });
    }
  }
  if (count === 0) errors.push(ofFile('The file has no requests.'));
  if (count > mostRequests) errors.push(ofFile(`The file has more than ${mostRequests} requests.`));
  return { requests, errors: [...errors, ...repeated(requests)] };
}

/** @throws ServiceError of status 400 naming the field */
export function parseRequest(value: unknown, endpoint: BatchEndpoint): BatchRequest {
  const request = parseBody(BatchRequest, value);
  const { url } = request;
  if (url !== undefined && url !== endpoint) {
    const message = `Invalid 'url': expected the batch's endpoint '${endpoint}'.`;
    throw new ServiceError({ code: 'invalid_value', message, param: 'url' });
  }
  return request;
}

/** Results are told apart by `custom_id`. */
export function repeated(requests: readonly BatchRequest[]): BatchError[] {
  const seen = new Set<string>();
  return requests.flatMap(({ custom_id }) => {
    if (!seen.has(custom_id)) {
      seen.add(custom_id);
      return [];
    }
    const message = `The custom_id '${custom_id}' is used more than once.`;
    return [{ code: 'invalid_value', message, param: 'custom_id', line: null }];
  });
}

/** One after the other, without those that are blank; `slice` after each slice, since a file may be nothing but line ends. */
function* linesOf(bytes: Uint8Array): Generator<{ line: Uint8Array; number: number } | 'slice', void, void> {
  let number = 1;
  let sliceEnd = sliceBytes;
  for (let at = 0; at < bytes.length; at++) {
    if (at >= sliceEnd) {
      yield 'slice';
      sliceEnd = at + sliceBytes;
    }
    const byte = bytes[at] ?? 0;
    if (byte === lineFeed) number++;
    if (byte <= space) continue;
    const found = bytes.indexOf(lineFeed, at);
    const end = found < 0 ? bytes.length : found;
    yield { line: bytes.subarray(at, end), number };
    number++;
    at = end;
  }
}

const lineFeed = 0x0a;
const space = 0x20;

function ofFile(message: string): BatchError {
  return { code: 'invalid_value', message, param: 'input_file_id', line: null };
}
