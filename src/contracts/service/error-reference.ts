import { errorCodes } from './service-error.ts';

/** `docs/errors.md`: every code that a client can meet. */
export function errorReference(): string {
  const rows = Object.entries(errorCodes)
    .sort(([, one], [, other]) => one.status - other.status)
    .map(([code, { status, type, meaning }]) => `| ${status} | \`${code}\` | \`${type}\` | ${meaning} |`);
  return [
    '# Errors',
    '',
    '<!-- Written by `npm run docs:errors` from src/contracts/service/service-error.ts. -->',
    '',
    'Every error answer has the header `x-request-id` and this body; `param` names the field at fault, as the caller wrote it:',
    '',
    '```json',
    '{ "error": { "message": "Missing required parameter: \'input\'.", "type": "invalid_request_error", "code": "missing_required_parameter", "param": "input" } }',
    '```',
    '',
    'The translated APIs keep their own forms around the same codes. On a stream that has begun, a failure of the response is',
    '`response.failed`, and one of the stream itself an `error` event, after which the reader may resume.',
    '',
    '| status | code | type | what it means, and what to do |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
