import { EventSourceParserStream } from 'eventsource-parser/stream';
import { parseJson } from '../../../core/parse-json.ts';
import { Chunk, chunksOfWhole, readText, repetition } from './wire.ts';

/** Ms without a byte after which a server counts as hung. */
export type UpstreamTimeouts = { firstByteMs: number; idleMs: number };

/**
 * Ollama ends a stream without a finish reason after 31 equal pieces in a row (`Completion` in its llm/server.go). That is its
 * model's fault and not a broken connection: asked again, it would end in the same way.
 */
const serverRepeats = 30;

/** The server's bytes are not what a completion looks like. */
export class BrokenStream extends Error {
  override readonly name: string = 'BrokenStream';
}

/** The server sends an error where a chunk was expected. */
export class ErrorInStream extends BrokenStream {
  override readonly name = 'ErrorInStream';
  /** What it sent. */
  readonly said: unknown;
  constructor(said: unknown) {
    super('an error in the stream');
    this.said = said;
  }
}

/** Characters of one event, and of a body without events. */
const longestEvent = 4_194_304;

/** The chunks of a streamed completion, or of one that came whole. `watch` is told of each byte. @throws BrokenStream */
export async function* chunksOf(
  response: Response,
  watch: { expect(ms: number): void },
  timeouts: UpstreamTimeouts,
): AsyncGenerator<Chunk, void, void> {
  if (response.body === null) throw new BrokenStream('no body');
  let begun = false;
  let withoutEvents = '';
  const heard = new TransformStream<string, string>({
    transform(text, controller) {
      // Comments count as well: servers send them while they read a long prompt.
      watch.expect(begun ? timeouts.idleMs : timeouts.firstByteMs);
      if (!begun && withoutEvents.length < longestEvent) withoutEvents += text;
      controller.enqueue(text);
    },
  });
  const events = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(heard)
    .pipeThrough(new EventSourceParserStream({ maxBufferSize: longestEvent }));
  let finished = false;
  let last = { piece: '', times: 0 };
  const read = (sent: unknown, isError = false): Chunk => {
    const chunk = Chunk.safeParse(sent);
    if (isError || (chunk.success && chunk.data.error !== undefined && chunk.data.error !== null)) {
      throw new ErrorInStream(sent);
    }
    if (!chunk.success) throw new BrokenStream('not a chunk');
    const { choices, stop_type: ownEnd } = chunk.data;
    finished ||= Boolean(ownEnd) || (choices?.some((choice) => choice.finish_reason) ?? false);
    const { reasoning, content } = readText(chunk.data);
    const text = reasoning || content;
    const piece = text.trim();
    if (text !== '') last = { piece, times: piece === last.piece ? last.times + 1 : 1 };
    return chunk.data;
  };
  for await (const event of events) {
    begun = true;
    watch.expect(timeouts.idleMs);
    if (event.data === '[DONE]') return;
    yield read(parseJson(event.data), event.event === 'error');
  }
  // Some servers answer whole where a stream was asked for, or say so why they can't.
  if (!begun) for (const sent of chunksOfWhole(parseJson(withoutEvents))) yield read(sent);
  if (finished) return;
  if (last.times < serverRepeats) throw new BrokenStream('cut');
  yield { choices: [{ finish_reason: repetition }] };
}
