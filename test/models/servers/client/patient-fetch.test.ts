import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { Agent, getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import { afterEach, expect, it } from 'vitest';
import { patientFetch } from '../../../../src/models/servers/client/upstream-client.ts';

const before = getGlobalDispatcher();
const held: ServerResponse[] = [];
const server = createServer((_request, response) => held.push(response));

afterEach(() => {
  setGlobalDispatcher(before);
  server.close();
});

it('waits for the headers of a slow server for longer than the fetch of Node does', async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`;
  // Instead of Node's 300 s.
  setGlobalDispatcher(new Agent({ headersTimeout: 50 }));
  const patient = patientFetch(url);
  await once(server, 'request');
  await expect(fetch(url)).rejects.toMatchObject({ cause: { code: 'UND_ERR_HEADERS_TIMEOUT' } });
  for (const response of held) response.end('late');
  expect(await (await patient).text()).toBe('late');
});
