import { createHash } from 'node:crypto';
import type { ResponseEvent } from '../contracts/responses/response-event.ts';

/** Characters: a padded text's length is a multiple of it. */
const step = 32;

/**
 * Deltas with an `obfuscation` of as many characters as make all pieces much alike in length, so that whoever sees only the
 * sizes of packets can't guess at words (OpenAI's `stream_options.include_obfuscation`). It follows from id and number: a
 * stream that is resumed is the same to the byte.
 */
export async function* paddedEvents(
  id: string,
  events: AsyncIterable<ResponseEvent>,
): AsyncGenerator<ResponseEvent, void, void> {
  for await (const event of events) {
    if (!('delta' in event)) {
      yield event;
      continue;
    }
    const length = step - (event.delta.length % step);
    const characters = createHash('sha256').update(`${id}:${event.sequence_number}`).digest('base64url');
    yield { ...event, obfuscation: characters.slice(0, length) };
  }
}
