import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { ApiDependencies } from '../../src/api/dependencies.ts';
import type { LanguageModel } from '../../src/core/language-model.ts';
import { listen } from '../../src/entry/http/listen.ts';
import { createService } from '../worker/service.ts';

export type SocketMessage = { type: string; [field: string]: unknown };

/** The real API and worker, with `model`, on a real socket. */
export async function listeningService(
  model: LanguageModel,
  overrides: Partial<ApiDependencies> = {},
  { tools = {}, ...options }: { messageBytes?: number; tools?: Parameters<typeof createService>[2] } = {},
) {
  const listening = await listen({ host: '127.0.0.1', port: 0, ...options });
  const service = await createService(model, { openSocket: listening.openSocket, ...overrides }, tools);
  listening.serve((request, bindings) => service.app.fetch(request, bindings));
  const socketUrl = `${listening.url.replace('http', 'ws')}/v1/responses`;
  return { ...service, url: listening.url, socketUrl, close: (graceMs = 0) => listening.close({ graceMs }) };
}

/** A client's socket, once it is open. */
export async function openSocket(url: string, headers: Record<string, string> = {}) {
  const socket = new WebSocket(url, { headers });
  const closed = once(socket, 'close').then(([code, reason]) => ({ code: Number(code), reason: String(reason) }));
  const arrived: SocketMessage[] = [];
  let wake = (): void => undefined;
  socket.on('message', (data) => {
    arrived.push(JSON.parse(String(data)));
    wake();
  });
  await once(socket, 'open');
  const next = async (): Promise<SocketMessage> => {
    for (let message = arrived.shift(); ; message = arrived.shift()) {
      if (message !== undefined) return message;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return {
    socket,
    closed,
    next,
    send: (body: object) => socket.send(JSON.stringify({ type: 'response.create', ...body })),
    /** Sends one `response.create`; returns its events up to the last, or the error. */
    async turn(body: object): Promise<SocketMessage[]> {
      socket.send(JSON.stringify({ type: 'response.create', ...body }));
      const events: SocketMessage[] = [];
      for (;;) {
        const event = await next();
        events.push(event);
        if (/^(response\.(completed|incomplete|failed)|error)$/.test(event.type)) return events;
      }
    },
  };
}

/** How a refused handshake ends. */
export async function refusedSocket(url: string, headers: Record<string, string> = {}): Promise<number | undefined> {
  const socket = new WebSocket(url, { headers });
  const [, response] = await once(socket, 'unexpected-response');
  socket.on('error', () => undefined);
  socket.terminate();
  return response.statusCode;
}
