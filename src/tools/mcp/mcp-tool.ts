import type { CallToolResult } from '@modelcontextprotocol/client';
import type { McpToolParam } from '../../contracts/responses/tool-param.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import { createGuardedFetch, type GuardedFetch } from '../../outbound/guarded-fetch.ts';
import { AnswerRefused } from '../../outbound/open-request.ts';
import { AddressRefused, addressRefusal } from '../../outbound/public-address.ts';
import { mostOutputCharacters, type OpenTool, type ServerTool, type ToolResult } from '../server-tool.ts';
import { connectServer, type McpConnection, type McpTarget } from './connect.ts';
import type { OperatorServers } from './operator-servers.ts';
import { listFunctions, type McpFunction, plainText, ToolListRefused } from './server-functions.ts';

/** ms; of the list of tools, and of a call where the operator says nothing else. */
const listMs = 20_000;
const callMs = 60_000;

/** Of one HTTP answer of a server. */
export const mostAnswerBytes = 4_194_304;

/** What the service says itself with each request. */
const ownHeaders =
  /^(?:accept|accept-encoding|connection|content-.*|expect|host|keep-alive|last-event-id|mcp-.*|proxy-.*|te|trailer|transfer-encoding|upgrade)$/i;

export type McpToolOptions = {
  servers: OperatorServers;
  /** Callers may name servers at addresses that are not public. */
  allowPrivate: boolean;
  version: string;
  now(): number;
};

/** Why an entry of a request can't be served, as far as it shows without asking its server; without a full stop. */
export function mcpRefusal(
  { server_label: label, server_url: url, authorization, headers }: McpToolParam,
  { servers, allowPrivate }: Pick<McpToolOptions, 'servers' | 'allowPrivate'>,
): string | undefined {
  if (url === undefined) {
    if (!servers.has(label)) return `this service is configured without an MCP server '${label}'; give its server_url`;
    const sent = authorization !== undefined || Object.keys(headers ?? {}).length > 0;
    return sent ? `the operator sets what '${label}' is sent; leave out authorization and headers` : undefined;
  }
  const refusal = addressRefusal(url, { allowPrivate });
  if (refusal !== undefined) return `server_url: ${refusal}`;
  const sent = { ...headers, ...(authorization !== undefined && { authorization: `Bearer ${authorization}` }) };
  const wrong = Object.entries(sent).find(([name, value]) => ownHeaders.test(name) || !isHeader(name, value));
  return wrong === undefined ? undefined : `the header ${JSON.stringify(wrong[0].slice(0, 64))} can't be sent`;
}

function isHeader(name: string, value: string): boolean {
  try {
    return new Headers([[name, value]]).has(name);
  } catch {
    return false;
  }
}

/**
 * Tools of MCP servers: those that a request names by address, and the operator's by their label. One connection for each entry of
 * a response, opened at its start; the list of tools is fetched once.
 */
export function createMcpTool(options: McpToolOptions): ServerTool<'mcp'> {
  const fetches = {
    callers: createGuardedFetch({ allowPrivate: options.allowPrivate, mostBytes: mostAnswerBytes }),
    operators: createGuardedFetch({ allowPrivate: true, mostBytes: mostAnswerBytes }),
  };
  return {
    type: 'mcp',
    unavailable: async () => undefined,
    async open(entry, { signal }) {
      const refusal = mcpRefusal(entry, options);
      if (refusal !== undefined) throw unusable(entry.server_label, refusal);
      const { target, trusted, timeoutMs } = targetOf(entry, options.servers, fetches);
      const hide = secretsRemoved(target);
      let connection: McpConnection | undefined;
      try {
        connection = await connectServer(target, { version: options.version, signal });
        const functions = await listFunctions(connection.client, entry, { trusted, hide, signal, timeout: listMs });
        return openTool(connection, functions, { timeoutMs, hide, now: options.now, label: entry.server_label });
      } catch (error) {
        await connection?.close();
        signal.throwIfAborted();
        const why = error instanceof ToolListRefused ? error.message : await reasonOf(error, { quotes: false });
        throw unusable(entry.server_label, why);
      }
    },
  };
}

function openTool(
  { client, broken, close }: McpConnection,
  functions: readonly McpFunction[],
  about: { timeoutMs: number; hide(text: string): string; now(): number; label: string },
): OpenTool {
  const { timeoutMs: timeout, hide, now, label } = about;
  const tools = new Map(functions.map(({ name, toolName }) => [name, toolName]));
  const call = async (name: string, args: Readonly<Record<string, unknown>>, signal: AbortSignal) => {
    const toolName = tools.get(name);
    if (toolName === undefined) return { output: `There is no tool '${name}'.`, isError: true };
    const breaking = broken();
    const either = AbortSignal.any([signal, breaking]);
    try {
      const result = await client.callTool({ name: toolName, arguments: { ...args } }, { signal: either, timeout });
      return { output: hide(textOf(result)), isError: result.isError === true };
    } catch (error) {
      signal.throwIfAborted();
      return {
        output: hide(
          `The call failed: ${await reasonOf(breaking.aborted ? breaking.reason : error, { quotes: true })}`,
        ),
        isError: true,
      };
    }
  };
  return {
    functions: functions.map(({ toolName: _, ...shown }) => shown),
    session() {
      const ended = new AbortController();
      return {
        async call(name, args, { signal }): Promise<ToolResult> {
          const start = now();
          const result = await call(name, args, AbortSignal.any([signal, ended.signal]));
          return { ...result, durationMs: now() - start };
        },
        close: async () => ended.abort(new Error(`the calls of '${label}' have ended`)),
      };
    },
    close,
  };
}

function targetOf(
  entry: McpToolParam,
  servers: OperatorServers,
  fetches: { callers: GuardedFetch; operators: GuardedFetch },
): { target: McpTarget; trusted: boolean; timeoutMs: number } {
  const { server_url: url, authorization } = entry;
  const server = url === undefined ? servers.get(entry.server_label) : undefined;
  if (server !== undefined) {
    const timeoutMs = (server.timeoutSeconds ?? callMs / 1_000) * 1_000;
    const target: McpTarget =
      'url' in server ? { type: 'http', ...server, fetch: fetches.operators } : { type: 'stdio', ...server };
    return { target, trusted: true, timeoutMs };
  }
  const headers = {
    ...entry.headers,
    ...(authorization !== undefined && { authorization: `Bearer ${authorization}` }),
  };
  const target: McpTarget = { type: 'http', url: url ?? '', headers, fetch: fetches.callers };
  return { target, trusted: false, timeoutMs: callMs };
}

function unusable(label: string, why: string): ServiceError {
  const message = `The MCP server '${label}' can't be used: ${why}.`;
  return new ServiceError({ code: 'invalid_value', param: 'tools', message });
}

/** `quotes`: with the message of an error that the server answered, which the model reads. It can repeat a token. */
async function reasonOf(error: unknown, { quotes }: { quotes: boolean }): Promise<string> {
  const { ProtocolError, SdkError, SdkErrorCode, SdkHttpError, UnauthorizedError } = await import(
    '@modelcontextprotocol/client'
  );
  for (let cause = error, depth = 0; cause instanceof Error && depth < 8; cause = cause.cause, depth += 1) {
    if (cause instanceof AddressRefused || cause instanceof AnswerRefused) return cause.message;
    if (cause instanceof UnauthorizedError) return 'it asks for an authorization';
    if (cause instanceof SdkHttpError) return `it answered with the HTTP status ${cause.status}`;
    if (cause instanceof SdkError && cause.code === SdkErrorCode.RequestTimeout) return 'it did not answer in time';
    if (cause instanceof SdkError && cause.code === SdkErrorCode.ListPaginationExceeded) {
      return 'its list of tools has too many pages';
    }
    if (cause instanceof ProtocolError) {
      return quotes
        ? `it answered: ${plainText(cause.message).slice(0, mostErrorCharacters)}`
        : 'it answered with an error';
    }
  }
  return 'it could not be reached, or its answer could not be read';
}

const mostErrorCharacters = 1_000;
const cutMark = '\n[cut: the result was longer]';

/** The text of a result. What is no text is named, so that the model knows that there was something. */
function textOf({ content, structuredContent }: CallToolResult): string {
  const parts = content.map((part) => {
    if (part.type === 'text') return part.text;
    if (part.type === 'resource' && 'text' in part.resource) return part.resource.text;
    if (part.type === 'resource_link') return `[link: ${part.uri}]`;
    return `[${part.type} left out]`;
  });
  const text =
    parts.length === 0 && structuredContent !== undefined ? JSON.stringify(structuredContent) : parts.join('\n');
  const plain = plainText(text);
  return plain.length <= mostOutputCharacters ? plain : plain.slice(0, mostOutputCharacters - cutMark.length) + cutMark;
}

/** Removes the values of the headers that the server was sent, which its answers may repeat. */
function secretsRemoved(target: McpTarget): (text: string) => string {
  const values = Object.values(target.type === 'http' ? target.headers : target.env);
  const secrets = values.map((value) => value.replace(/^(?:Bearer|Basic) /, '')).filter((value) => value.length >= 8);
  return (text) => secrets.reduce((shown, secret) => shown.replaceAll(secret, '[removed]'), text);
}
