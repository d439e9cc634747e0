import { ServiceError } from '../contracts/service/service-error.ts';

/** More than any form here has: the parser takes time for each. */
const mostParts = 64;

/** @throws ServiceError `invalid_value` for what is no form, or one of too many parts */
export async function readForm(bytes: Uint8Array, type: string): Promise<FormData> {
  const boundary = /;\s*boundary="?([^";]+)/i.exec(type)?.[1];
  if (boundary !== undefined && hasMore(bytes, `--${boundary}`, mostParts + 1)) {
    throw new ServiceError({ code: 'invalid_value', message: `Expected a form of at most ${mostParts} parts.` });
  }
  try {
    return await new Response(new Uint8Array(bytes), { headers: { 'content-type': type } }).formData();
  } catch (cause) {
    throw new ServiceError({ code: 'invalid_value', message: 'The form could not be read.', cause });
  }
}

function hasMore(bytes: Uint8Array, text: string, most: number): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let count = 0;
  for (let at = buffer.indexOf(text); at >= 0 && count <= most; at = buffer.indexOf(text, at + text.length)) count++;
  return count > most;
}
