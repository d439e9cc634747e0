import { ServiceError } from '../contracts/service-error.ts';

/** @throws ServiceError `invalid_value` for what is no form */
export async function readForm(bytes: Uint8Array, type: string): Promise<FormData> {
  try {
    return await new Response(new Uint8Array(bytes), { headers: { 'content-type': type } }).formData();
  } catch (cause) {
    throw new ServiceError({ code: 'invalid_value', message: 'The form could not be read.', cause });
  }
}
