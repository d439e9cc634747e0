import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

const Message = z.object({
  id: z.union([z.string(), z.number()]).optional(),
  method: z.string(),
  params: z.record(z.string(), z.unknown()).optional(),
});
export type RpcMessage = z.infer<typeof Message>;

/** A result, or what is done with the HTTP answer instead. */
export type RawAnswer =
  | { result: unknown }
  | { error: { code: number; message: string } }
  | { raw(reply: ServerResponse): void };

/** An MCP server of 2025 by hand, which can answer what no library would. `answer` is asked for all but the handshake. */
export async function startRawMcpServer(answer: (message: RpcMessage) => RawAnswer) {
  const requests: Array<{ method: string; headers: IncomingHttpHeaders }> = [];
  const server = createServer(async (request, reply) => {
    requests.push({ method: request.method ?? '', headers: request.headers });
    if (request.method !== 'POST') return void reply.writeHead(405).end();
    const message = Message.safeParse(JSON.parse(await text(request))).data;
    // A notification, or an answer to what the server has asked.
    if (message?.id === undefined) return void reply.writeHead(202).end();
    const made = handshake(message) ?? answer(message);
    if ('raw' in made) return made.raw(reply);
    reply.writeHead(200, { 'content-type': 'application/json' });
    return void reply.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, ...made }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    requests,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function handshake({ method }: RpcMessage): RawAnswer | undefined {
  if (method === 'server/discover') return { error: { code: -32601, message: 'Method not found' } };
  if (method !== 'initialize') return undefined;
  const serverInfo = { name: 'raw', version: '0' };
  return { result: { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo } };
}
