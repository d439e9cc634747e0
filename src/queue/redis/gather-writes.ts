import type { Redis } from 'ioredis';

/**
 * Sends what one turn of the event loop says by one system call. ioredis makes one for each command, and Redis then answers,
 * and syncs its AOF, for each by itself.
 */
export function gatherWrites(client: Redis): void {
  const send = client.sendCommand.bind(client);
  let gathering = false;
  client.sendCommand = (...sent) => {
    const { stream } = client;
    if (stream && !gathering) {
      gathering = true;
      stream.cork();
      // After the promises that the same answer has settled: what they go on with belongs to this turn.
      process.nextTick(() => {
        gathering = false;
        stream.uncork();
      });
    }
    return send(...sent);
  };
}
