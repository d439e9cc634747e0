import type { OpenTool, ServerFunction, ServerTool, ToolResult } from '../../src/tools/server-tool.ts';

export type ScriptedToolOptions = {
  pure?: boolean;
  stateful?: boolean;
  needsApproval?: boolean;
  /** It has no function. */
  empty?: boolean;
  /** What a call gives; default: its number in its session and its code. */
  answer?: (
    code: string,
    call: { inSession: number; total: number; signal: AbortSignal },
  ) => Promise<ToolResult> | ToolResult;
};

/** A `code_interpreter` that runs nothing and says what a script says. It counts what is asked of it. */
export function createScriptedTool(options: ScriptedToolOptions = {}) {
  const { pure = true, stateful = true, needsApproval = false } = options;
  /** The code of each call, by session. */
  const sessions: string[][] = [];
  let closed = 0;
  const fn: ServerFunction = {
    name: 'python',
    description: 'Runs Python.',
    parameters: { type: 'object', properties: { code: { type: 'string' } }, required: ['code'] },
    shown: { type: 'code_interpreter' },
    pure,
    stateful,
    needsApproval,
  };
  const open: OpenTool = {
    functions: options.empty ? [] : [fn],
    session() {
      let calls: string[] | undefined;
      let isClosed = false;
      return {
        async call(_name, args, { signal }) {
          signal.throwIfAborted();
          if (calls === undefined) {
            calls = [];
            sessions.push(calls);
          }
          const code = String(args['code']);
          calls.push(code);
          const about = { inSession: calls.length, total: sessions.flat().length, signal };
          return options.answer?.(code, about) ?? { output: `${calls.length}: ${code}`, isError: false, durationMs: 3 };
        },
        async close() {
          if (!isClosed && calls !== undefined) closed += 1;
          isClosed = true;
        },
      };
    },
    close: async () => {},
  };
  const tool: ServerTool<'code_interpreter'> = {
    type: 'code_interpreter',
    unavailable: async () => undefined,
    open: async () => open,
  };
  return { tool, open, sessions, calls: () => sessions.flat(), closed: () => closed };
}

/** A call of it. */
export function codeCall(code: string): { name: string; arguments: string } {
  return { name: 'python', arguments: JSON.stringify({ code }) };
}

/** An MCP server with one tool, in memory. */
export function remoteTool({ needsApproval = false } = {}) {
  const calls: string[] = [];
  const fn: ServerFunction = {
    name: 'shop__order',
    parameters: { type: 'object', properties: { item: { type: 'string' } } },
    shown: { type: 'mcp', server_label: 'shop', name: 'order' },
    pure: false,
    stateful: false,
    needsApproval,
  };
  const open: OpenTool = {
    functions: [fn],
    session: () => ({
      async call(_name, args) {
        calls.push(String(args['item']));
        return { output: `ordered ${args['item']}`, isError: false, durationMs: 2 };
      },
      close: async () => {},
    }),
    close: async () => {},
  };
  return { open, calls };
}
