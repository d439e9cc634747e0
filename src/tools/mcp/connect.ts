import type { Client, JsonSchemaValidator, jsonSchemaValidator, Transport } from '@modelcontextprotocol/client';
import type { GuardedFetch } from '../../outbound/guarded-fetch.ts';
import type { OperatorServer } from './operator-servers.ts';

/** Where a server is and how it is reached. `fetch` keeps to the addresses that it may reach. */
export type McpTarget =
  | { type: 'http'; url: string; headers: Readonly<Record<string, string>>; fetch: GuardedFetch }
  | ({ type: 'stdio' } & Extract<OperatorServer, { command: string }>);

export type McpConnection = {
  client: Client;
  /** Aborted, with the reason, when an answer that is being read breaks off; each time it is another one. */
  broken(): AbortSignal;
  close(): Promise<void>;
};

/** ms until a server must have answered the first request; and how long its end is waited for. */
const connectMs = 20_000;
const closeMs = 2_000;
/** Of a list of tools. */
const mostPages = 8;
/** Of one message of a server on standard output. */
const mostMessageBytes = 4_194_304;

/** Results are read as text, so a server's schema is never compiled: one can be made to take for ever. */
const anyResult: jsonSchemaValidator = {
  getValidator<T>(): JsonSchemaValidator<T> {
    return (input) => ({ valid: true, data: input as T, errorMessage: undefined });
  },
};

/** Connects to a server and agrees on a version of the protocol. @throws Error where it can't be reached, or speaks no MCP */
export async function connectServer(
  target: McpTarget,
  { version, signal }: { version: string; signal: AbortSignal },
): Promise<McpConnection> {
  const { Client } = await import('@modelcontextprotocol/client');
  const client = new Client(
    { name: 'thinkfirst', version },
    {
      // A server on standard output is started a second time to find out; those of 2026 speak the older versions too.
      versionNegotiation: { mode: target.type === 'http' ? 'auto' : 'legacy', probe: { timeoutMs: connectMs } },
      inputRequired: { autoFulfill: false },
      jsonSchemaValidator: anyResult,
      listMaxPages: mostPages,
    },
  );
  let breaking = new AbortController();
  const onBroken = (error: Error) => {
    const broken = breaking;
    breaking = new AbortController();
    broken.abort(error);
  };
  const transport = await openTransport(target, onBroken);
  const close = async () => {
    if ('terminateSession' in transport && typeof transport.terminateSession === 'function') {
      await Promise.race([transport.terminateSession(), after(closeMs)]).catch(() => undefined);
    }
    await client.close().catch(() => undefined);
  };
  try {
    await client.connect(transport, { signal, timeout: connectMs });
    return { client, broken: () => breaking.signal, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openTransport(target: McpTarget, onBroken: (error: Error) => void): Promise<Transport> {
  if (target.type === 'stdio') {
    const { StdioClientTransport, getDefaultEnvironment } = await import('@modelcontextprotocol/client/stdio');
    const { command, args, env, cwd } = target;
    return new StdioClientTransport({
      command,
      args,
      env: { ...getDefaultEnvironment(), ...env },
      ...(cwd !== undefined && { cwd }),
      stderr: 'ignore',
      maxBufferSize: mostMessageBytes,
    });
  }
  const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
  return new StreamableHTTPClientTransport(new URL(target.url), {
    requestInit: { headers: target.headers },
    fetch: withoutPush(target.fetch, onBroken),
    // There is no provider that could authorize.
    onInsufficientScope: 'throw',
    reconnectionOptions: {
      initialReconnectionDelay: 1_000,
      maxReconnectionDelay: 1_000,
      reconnectionDelayGrowFactor: 1,
      maxRetries: 2,
    },
  });
}

/** Messages that nobody asked for are not fetched. A GET with an event id goes on with the answer to a request. */
function withoutPush(fetch: GuardedFetch, onBroken: (error: Error) => void): GuardedFetch {
  return async (url, init) => {
    const pushes = (init?.method ?? 'GET') === 'GET' && !new Headers(init?.headers).has('last-event-id');
    return pushes ? new Response(null, { status: 405 }) : fetch(url, { ...init, onBroken });
  };
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
