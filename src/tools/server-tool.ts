import type { FunctionTool } from '../contracts/responses/prompt.ts';
import type { ServerToolParam } from '../contracts/responses/tool-param.ts';

/**
 * The port to a tool that the service runs itself, inside a thought. Implementations: `code_interpreter` (`tools/python/`),
 * `mcp` (`tools/mcp/`). The loop (`with-tools.ts`) limits and logs the calls; an implementation only makes them.
 */
export type ServerTool<Type extends ServerToolParam['type'] = ServerToolParam['type']> = {
  /** The `type` of the entries in a request's `tools` that it serves. */
  readonly type: Type;
  /** One sentence for the caller on why the tool can't run on this machine; undefined where it can. */
  unavailable(): Promise<string | undefined>;
  /**
   * Prepares one entry of one response; called once per attempt, before the model is asked.
   * @throws ServiceError that tells the caller why the entry can't be served (a server that can't be reached)
   */
  open(entry: Extract<ServerToolParam, { type: Type }>, options: { signal: AbortSignal }): Promise<OpenTool>;
};

/** One entry of one response, ready to be called. */
export type OpenTool = {
  /** What the model is offered. Their names are unique within the entry; `mcp` begins them with its `server_label` and `__`. */
  readonly functions: readonly ServerFunction[];
  /** A session for one chain. It opens nothing before its first call; `code_interpreter` has one sandbox in each. */
  session(): ToolSession;
  /** Ends what `open` began, sessions included. */
  close(): Promise<void>;
};

export type ServerFunction = FunctionTool & {
  /** How its calls are shown to the client. */
  shown: { type: 'code_interpreter' } | { type: 'mcp'; server_label: string; name: string; annotations?: unknown };
  /** A call changes nothing outside its session: it may be repeated, and made in every chain of a vote. */
  pure: boolean;
  /** Later calls of a session depend on earlier ones (variables in Python): a new session repeats them before it goes on. */
  stateful: boolean;
  /** The caller must approve each call first (`require_approval`). */
  needsApproval: boolean;
};

export type ToolSession = {
  /**
   * Makes one call. What goes wrong in the call itself (an exception in the code, a refused argument, a timeout) is a result
   * with `isError`; the model reads it and goes on.
   * @throws the reason of `signal` when it is aborted; ServiceError where no call can be made any more
   */
  call(name: string, args: Readonly<Record<string, unknown>>, options: { signal: AbortSignal }): Promise<ToolResult>;
  /** Ends the session; a call that still runs is stopped. May be called twice. */
  close(): Promise<void>;
};

export type ToolResult = {
  /** Text for the model and for the log. The loop bounds it to `mostOutputCharacters`; template tokens in it are harmless, as in any content of a prompt. */
  output: string;
  isError: boolean;
  /** The worker stopped while the call ran, and it may not be repeated. */
  interrupted?: true;
  /** Of the call alone, in ms. */
  durationMs: number;
};

/** Characters of a call's output that are kept and that the model reads; the rest is left out, and the model is told so. */
export const mostOutputCharacters = 65_536;
