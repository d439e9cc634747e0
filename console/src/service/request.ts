import { preferences } from '../preferences.ts';
import { asFault, faultOf } from './service-fault.ts';

export type RequestOptions = {
  method?: 'GET' | 'POST' | 'DELETE' | 'PATCH' | 'PUT';
  /** Sent as JSON. */
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
  keepalive?: boolean;
};

/**
 * Calls our own API; with the reader's key where there is one.
 * @throws ServiceFault for an error answer or where nothing answers; an abort is rethrown as it is
 */
export async function request(
  path: string,
  { method = 'GET', body, headers, signal, keepalive = false }: RequestOptions = {},
) {
  const { key } = preferences();
  try {
    const answer = await fetch(path, {
      method,
      keepalive,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (!answer.ok) throw await faultOf(answer);
    return answer;
  } catch (error) {
    if (signal?.aborted) throw error;
    throw asFault(error);
  }
}

/** The JSON of an answer. `T` is the contract of that route: the service validates what it sends by the same schema. */
export async function requestJson<T>(path: string, options?: RequestOptions): Promise<T> {
  const answer = await request(path, options);
  return (await answer.json()) as T;
}
