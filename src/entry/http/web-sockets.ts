import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { upgradeWebSocket, type WebSocketServerLike } from '@hono/node-server';
import { WebSocket, WebSocketServer } from 'ws';
import type { MessageSocket, OpenSocket } from '../../api/dependencies.ts';
import { waitAtMost } from '../../core/deadlines.ts';

/** Between two pings: a client that gives up without a byte for 10 s gets one in time. ms */
const pingMs = 5_000;
/** Who has answered none of so many pings is gone. */
const mostUnanswered = 6;

type WebSockets = {
  /** For `createAdaptorServer`. */
  server: WebSocketServerLike;
  open: OpenSocket;
  /** Says to all that the service stops; those that are still open after `graceMs` are cut. */
  close(options: { graceMs: number }): Promise<void>;
};

/** WebSockets over Node's server. `maxBytes` of a message; a larger one closes its socket with 1009. */
export function createWebSockets({ maxBytes }: { maxBytes: number }): WebSockets {
  const server = new WebSocketServer({ noServer: true, maxPayload: maxBytes, perMessageDeflate: false });
  const stopping = new AbortController();
  return {
    // The library's type says of `send` what its own adapter needs.
    server: server as unknown as WebSocketServerLike,
    open: (c, serve) =>
      upgradeWebSocket(c, {
        onOpen(_event, { raw }) {
          // Each socket has a signal of its own: Node would take more than ten listeners on one for a leak and warn.
          if (raw instanceof WebSocket) serve(messageSocket(raw, AbortSignal.any([stopping.signal])));
        },
      }),
    async close({ graceMs }) {
      stopping.abort();
      const ended = Promise.all(
        [...server.clients].map((socket) => new Promise((resolve) => socket.once('close', resolve))),
      );
      if (!(await waitAtMost(ended, graceMs))) for (const socket of server.clients) socket.terminate();
      await ended;
    },
  };
}

function messageSocket(socket: WebSocket, stopping: AbortSignal): MessageSocket {
  const closed = new AbortController();
  let unanswered = 0;
  const ping = setInterval(() => {
    if (unanswered === mostUnanswered) return socket.terminate();
    unanswered += 1;
    socket.ping();
  }, pingMs);
  socket.on('pong', () => {
    unanswered = 0;
  });
  socket.on('close', () => {
    clearInterval(ping);
    closed.abort();
  });
  // What was wrong with a frame is told to its sender by the close code.
  socket.on('error', () => undefined);
  return {
    send: (text) => new Promise((resolve, reject) => socket.send(text, (error) => (error ? reject(error) : resolve()))),
    close: (code, reason) => socket.close(code, reason),
    onMessage: (listener) => socket.on('message', (data, isBinary) => listener(isBinary ? undefined : String(data))),
    closed: closed.signal,
    stopping,
  };
}

/**
 * A request may ask to be upgraded to something else, as `curl --http2` does: it is answered as if it had not asked
 * (RFC 9110, 7.8). Node hands over its connection unread, so the request is put back without its wish.
 */
export function ignoreOtherUpgrades(server: Server): void {
  const accepts = server.listeners('upgrade');
  server.removeAllListeners('upgrade');
  server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
    if (request.headers.upgrade?.toLowerCase() === 'websocket') {
      for (const accept of accepts) accept.call(server, request, socket, head);
      return;
    }
    const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
    for (let index = 0; index < request.rawHeaders.length; index += 2) {
      const name = request.rawHeaders[index] ?? '';
      if (!/^(upgrade|connection|http2-settings)$/i.test(name)) lines.push(`${name}: ${request.rawHeaders[index + 1]}`);
    }
    socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
    server.emit('connection', socket);
  });
}
