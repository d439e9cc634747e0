import { Hono } from 'hono';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { ApiDependencies, ApiEnvironment, MessageSocket, OpenSocket } from '../dependencies.ts';
import { asksForSocket } from '../middleware/cross-origin.ts';
import { callerOfSecret, secretOf } from '../middleware/identify-caller.ts';
import { type Dispatch, serveSocket } from '../responses/socket-session.ts';

/** What of an upgrade request each of its messages is sent with. */
const carried = ['authorization', 'x-api-key', 'user-agent'];

/**
 * `GET /v1/responses` upgraded: the WebSocket mode of Open Responses. Each message goes through the whole app as a
 * `POST /v1/responses` of its own, so that key, rate, quota and the bounds of a body hold for each of them.
 */
export function createResponseSocketRoutes(dependencies: ApiDependencies, dispatch: Dispatch): Hono<ApiEnvironment> {
  const { openSocket, limits } = dependencies;
  const open = new Map<MessageSocket, string | undefined>();

  return new Hono<ApiEnvironment>().get('/', async (c, next) => {
    if (!asksForSocket(c.req)) return next();
    if (openSocket === undefined) {
      throw new ServiceError({
        code: 'not_found',
        message: "This service has no WebSocket mode. Send POST /v1/responses with 'stream': true.",
      });
    }
    const caller = c.get('caller');
    const { key } = caller;
    const full = fullness(key);
    if (full !== undefined) throw full;
    const secret = secretOf(c);
    const headers = new Headers({ 'content-type': 'application/json' });
    for (const name of carried) {
      const value = c.req.header(name);
      if (value !== undefined) headers.set(name, value);
    }
    const serve: Parameters<OpenSocket>[1] = (socket) => {
      // Others may have been opened while this one shook hands.
      const tooMany = fullness(key);
      if (tooMany !== undefined) return socket.close(1013, tooMany.message);
      open.set(socket, key);
      socket.closed.addEventListener('abort', () => open.delete(socket), { once: true });
      serveSocket(socket, {
        url: c.req.url,
        headers,
        caller,
        limits,
        dispatch,
        dependencies,
        async isKeyValid() {
          const current = await callerOfSecret(secret, dependencies);
          return current !== undefined && current.key === key;
        },
      });
    };
    return openSocket(c, serve);
  });

  function fullness(key: string | undefined): ServiceError | undefined {
    const own = key === undefined ? 0 : [...open.values()].filter((other) => other === key).length;
    if (own < limits.sockets.mostOfKey && open.size < limits.sockets.most) return undefined;
    return new ServiceError({
      code: 'rate_limit_exceeded',
      message: 'Too many WebSockets are open. Close one, or send POST /v1/responses.',
      retryAfterSeconds: 5,
    });
  }
}
