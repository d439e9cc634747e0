import { errorCodes } from './service-error.ts';

/** The text of `docs/errors.md`: every error code. */
export function errorReference(): string {
  const rows = Object.entries(errorCodes)
    .sort(([, one], [, other]) => one.status - other.status)
    .map(([code, { status, type, meaning }]) => `| ${status} | \`${code}\` | \`${type}\` | ${meaning} |`);
  return [
    '# Errors',
    '',
    '<!-- Written by `npm run docs:errors` from src/contracts/service/service-error.ts. -->',
    '',
    'Every error response has the header `x-request-id` and this body; `param` names the field at fault, as the caller wrote it:',
    '',
    '```json',
    '{ "error": { "message": "Missing required parameter: \'input\'.", "type": "invalid_request_error", "code": "missing_required_parameter", "param": "input" } }',
    '```',
    '',
    'The other APIs use the same codes in their own formats. On a stream that has started, the event `response.failed` reports that the response',
    'failed. An `error` event reports that the stream itself failed; the client may then resume it.',
    '',
    '| status | code | type | what it means, and what to do |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
