import type { ResponseEvent } from '../contracts/responses/response-event.ts';

/** An event before it has its number. */
export type Unnumbered = {
  [Event in ResponseEvent as Event['type']]: Omit<Event, 'sequence_number'>;
}[ResponseEvent['type']];
