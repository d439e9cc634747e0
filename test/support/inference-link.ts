import type { LanguageModel } from '../../src/core/language-model.ts';
import {
  createInferenceConnection,
  type InferenceConnection,
} from '../../src/models/local/process/inference-connection.ts';
import { createInferenceHost } from '../../src/models/local/process/inference-host.ts';
import { FromInference, ToInference } from '../../src/models/local/process/inference-protocol.ts';

/**
 * Both ends of the inference protocol in one process. Each message goes through JSON and its schema, as between
 * processes. `deliver` may delay what the host sends, like a slow parent.
 */
export function linkInference(
  model: LanguageModel,
  deliver: (message: FromInference, receive: (message: FromInference) => void) => void = (message, receive) =>
    receive(message),
): { connection: InferenceConnection; sent: FromInference[] } {
  const sent: FromInference[] = [];
  const receive = (message: FromInference) => {
    if (message.type === 'events' || message.type === 'done' || message.type === 'failed') connection.receive(message);
  };
  const host = createInferenceHost({
    models: new Map([[model.id, model]]),
    send: (message) => {
      sent.push(message);
      deliver(FromInference.parse(JSON.parse(JSON.stringify(message))), receive);
    },
    now: () => performance.now(),
    residentBytes: () => 0,
  });
  const connection = createInferenceConnection({
    send: (message) => {
      const parsed = ToInference.parse(JSON.parse(JSON.stringify(message)));
      if (parsed.type !== 'start' && parsed.type !== 'close') host.receive(parsed);
    },
    onFailure: () => {},
  });
  return { connection, sent };
}
