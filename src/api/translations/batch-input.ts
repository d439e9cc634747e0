import { type BatchEndpoint, type BatchRecord, BatchRequest } from '../../contracts/batch.ts';
import { ServiceError } from '../../contracts/service-error.ts';
import { checkTree } from '../read-json.ts';
import { validationError } from '../validation-error.ts';

/** Requests of one batch. */
export const mostRequests = 2_000;

type BatchError = BatchRecord['errors'][number];

/** A JSONL of requests, read whole: `errors` names each line that is none, and then nothing of the file is run. */
export function readBatchInput(
  text: string,
  { endpoint, bodyDepth }: { endpoint: BatchEndpoint; bodyDepth: number },
): { requests: BatchRequest[]; errors: BatchError[] } {
  const lines = text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [{ line, number: index + 1 }]));
  const requests: BatchRequest[] = [];
  const errors: BatchError[] = [];
  for (const { line, number } of lines.slice(0, mostRequests)) {
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
  if (lines.length === 0) errors.push(ofFile('The file has no requests.'));
  if (lines.length > mostRequests) errors.push(ofFile(`The file has more than ${mostRequests} requests.`));
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

function ofFile(message: string): BatchError {
  return { code: 'invalid_value', message, param: 'input_file_id', line: null };
}
