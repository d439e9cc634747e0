import { invalidValue } from '../../contracts/service/service-error.ts';
import type { ApiWebhooks } from '../dependencies.ts';

/** @throws ServiceError `invalid_value` for an address that would never be called */
export function checkWebhook(url: string, refusal: ApiWebhooks['refusal'], param: string): void {
  const reason = refusal(url);
  if (reason === undefined) return;
  throw invalidValue(param, reason);
}
