import { type BatchEndpoint, type BatchRecord, BatchRequest } from '../../contracts/batch.ts';
import { ServiceError } from '../../contracts/service-error.ts';
import { checkTree } from '../read-json.ts';
import { validationError } from '../validation-error.ts';

/** Requests of one batch. */
export const mostRequests = 2_000;

type BatchError = BatchRecord['errors'][number];

/**
 * A line of a file is a request, and no larger than one.
 * @throws ServiceError `body_too_large` naming the line
 */
export function checkLineSizes(text: string, maxBytes: number): void {
  for (const { line, number } of linesOf(text)) {
    if (Buffer.byteLength(line) <= maxBytes) continue;
    const message = `Line ${number} of the file is too large; expected at most ${maxBytes} bytes.`;
    throw new ServiceError({ code: 'body_too_large', message, param: 'file' });
  }
}

/** A JSONL of requests, read whole: `errors` names each line that is none, and then nothing of the file is run. */
export function readBatchInput(
  text: string,
  { endpoint, bodyDepth }: { endpoint: BatchEndpoint; bodyDepth: number },
): { requests: BatchRequest[]; errors: BatchError[] } {
  const requests: BatchRequest[] = [];
  const errors: BatchError[] = [];
  let count = 0;
  for (const { line, number } of linesOf(text)) {
    if (++count > mostRequests) break;
    try {
      const value: unknown = JSON.parse(line);
      checkTree(value, bodyDepth);
      requests.push(parseRequest(value, endpoint));
    } catch (error) {
      const fault = error instanceof ServiceError ? error : undefined;
      const message = fault?.message ?? 'The line is not valid JSON.';
      errors.push({ code: fault?.code ?? 'invalid_json', message, param: fault?.param ?? null, line: number });
    }
  }
  if (count === 0) errors.push(ofFile('The file has no requests.'));
  if (count > mostRequests) errors.push(ofFile(`The file has more than ${mostRequests} requests.`));
  return { requests, errors: [...errors, ...repeated(requests)] };
}

/** @throws ServiceError of status 400 naming the field */
export function parseRequest(value: unknown, endpoint: BatchEndpoint): BatchRequest {
  const parsed = BatchRequest.safeParse(value);
  if (!parsed.success) throw validationError(parsed.error, value);
  const { url } = parsed.data;
  if (url !== undefined && url !== endpoint) {
    const message = `Invalid 'url': expected the batch's endpoint '${endpoint}'.`;
    throw new ServiceError({ code: 'invalid_value', message, param: 'url' });
  }
  return parsed.data;
}

/** Results are told apart by `custom_id`. */
export function repeated(requests: readonly BatchRequest[]): BatchError[] {
  const seen = new Set<string>();
  return requests.flatMap(({ custom_id }) => {
    if (!seen.has(custom_id)) {
      seen.add(custom_id);
      return [];
    }
    const message = `The custom_id '${custom_id}' stands there twice.`;
    return [{ code: 'invalid_value', message, param: 'custom_id', line: null }];
  });
}

/** One after the other, since a file may be nothing but line ends; those that are blank are left out. */
function* linesOf(text: string): Generator<{ line: string; number: number }, void, void> {
  let start = 0;
  for (let number = 1; start <= text.length; number++) {
    const found = text.indexOf('\n', start);
    const end = found < 0 ? text.length : found;
    const line = text.slice(start, end);
    if (line.trim() !== '') yield { line, number };
    start = end + 1;
  }
}

function ofFile(message: string): BatchError {
  return { code: 'invalid_value', message, param: 'input_file_id', line: null };
}
