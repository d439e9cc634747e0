import { ResponseList } from '../contracts/service/listings.ts';
import { CliError } from './cli-error.ts';
import type { ServiceClient } from './service-client.ts';

/** An id as it was given; `last` is the newest response. @throws CliError where there is none */
export async function responseIdOf(given: string, client: ServiceClient): Promise<string> {
  if (given !== 'last') return encodeURIComponent(given);
  const { first_id: id } = await client.call(ResponseList.pick({ first_id: true }), '/v1/responses?limit=1');
  if (id !== null) return id;
  throw new CliError({ message: 'There is no response yet.', advice: 'Ask something first: thinkfirst ask "…"' });
}
