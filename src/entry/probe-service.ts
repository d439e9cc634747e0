import { ErrorEnvelope } from '../contracts/service/error-envelope.ts';
import { ReadinessReport } from '../contracts/service/listings.ts';

/** Whether a Thinkfirst answers at this address, without a path, within so many ms. */
export async function probeService(url: string, timeoutMs: number): Promise<'ready' | 'starting' | 'absent'> {
  try {
    const reply = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(timeoutMs) });
    const body: unknown = await reply.json();
    if (ReadinessReport.safeParse(body).success) return 'ready';
    const refusal = ErrorEnvelope.safeParse(body);
    return refusal.success && refusal.data.error.code === 'backend_unavailable' ? 'starting' : 'absent';
  } catch {
    return 'absent';
  }
}
