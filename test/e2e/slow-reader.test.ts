import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import { expect, it, onTestFinished } from 'vitest';
import type { LogLine } from '../../src/contracts/responses/job.ts';
import { createApi } from '../api/responses/fixture.ts';

const size = 65_536;
const total = 800;
/** Both sides' socket buffers together; what the service itself holds is an event or two. */
const mostHeld = 24 * 1_048_576;

it('a reader that stops reading stops the source: nothing piles up in the service', async () => {
  const { queue } = createApi();
  let made = 0;
  async function* endless(): AsyncGenerator<LogLine, void, void> {
    const delta = 'x'.repeat(size);
    const at = { output_index: 0, item_id: 'msg_0', content_index: 0 };
    for (; made < total; made += 1) {
      const data = { type: 'response.output_text.delta', ...at, delta, logprobs: [] };
      yield { stream: 'wire', number: made + 2, data };
    }
  }
  const { app, ask } = createApi({ queue: { ...queue, events: endless } });
  expect((await ask({ input: 'a', background: true })).status).toBe(200);

  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 });
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const request = get(`http://127.0.0.1:${port}/v1/responses/resp_0000?stream=true`);
  const [response]: IncomingMessage[] = await once(request, 'response');
  if (response === undefined) throw new Error('no response');

  // Nobody reads: once the buffers of the sockets are full, nothing more is made.
  let still = 0;
  for (let before = -1; still < 500; before = made) {
    await turn();
    still = made === before && made > 0 ? still + 1 : 0;
  }
  expect(made * size).toBeLessThan(mostHeld);

  let read = 0;
  for await (const chunk of response) read += chunk.length;
  expect(made).toBe(total);
  expect(read).toBeGreaterThan(total * size);
});
