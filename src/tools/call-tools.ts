import { z } from 'zod';
import type { FunctionTool } from '../contracts/responses/prompt.ts';
import { ServiceError } from '../contracts/service/service-error.ts';
import type { MadeCall, ServerCall } from '../core/language-model.ts';
import { parseJson } from '../core/parse-json.ts';
import {
  mostOutputCharacters,
  type OpenTool,
  type ServerFunction,
  type ToolResult,
  type ToolSession,
} from './server-tool.ts';

/** All tools of one response that the service runs itself. */
export type ServerTools = {
  readonly functions: readonly ServerFunction[];
  find(name: string): ServerFunction | undefined;
  entryOf(name: string): OpenTool | undefined;
  /** Told of every call that was made. */
  observe?: ((call: { function: ServerFunction; result: ToolResult }) => void) | undefined;
  /** Told of what a call threw that is no ServiceError: neither the model nor the client sees it. */
  onFault?: ((error: unknown) => void) | undefined;
  close(): Promise<void>;
};

export function joinTools(
  entries: readonly OpenTool[],
  told: Pick<ServerTools, 'observe' | 'onFault'> = {},
): ServerTools {
  const functions = entries.flatMap((entry) => entry.functions.map((one) => ({ one, entry })));
  const known = new Map(functions.map((each) => [each.one.name, each]));
  return {
    functions: functions.map(({ one }) => one),
    find: (name) => known.get(name)?.one,
    entryOf: (name) => known.get(name)?.entry,
    ...told,
    close: async () => void (await Promise.allSettled(entries.map((entry) => entry.close()))),
  };
}

/** Characters of the names, descriptions and schemas that one response may offer. */
const mostOfferedCharacters = 400_000;

/**
 * Checks what only shows once all tools of a response are known. A name that two tools share would let one server receive what
 * is meant for another, or for the client.
 * @throws ServiceError `invalid_value`
 */
export function checkTogether(functions: readonly ServerFunction[], clients: readonly FunctionTool[]): void {
  const names = new Set<string>();
  let characters = 0;
  for (const { name } of clients) names.add(name);
  for (const { name, description = '', parameters = {} } of functions) {
    if (names.has(name)) throw refused(`two tools have the name '${name}'. Leave one out, or change a server_label`);
    names.add(name);
    characters += name.length + description.length + JSON.stringify(parameters).length;
  }
  if (characters > mostOfferedCharacters) {
    throw refused(
      `the tools have more than ${mostOfferedCharacters} characters together. Choose some with 'allowed_tools'`,
    );
  }
}

function refused(what: string): ServiceError {
  return new ServiceError({ code: 'invalid_value', param: 'tools', message: `Invalid 'tools': ${what}.` });
}

/** Makes the calls of one chain, in sessions of its own. */
export type Caller = {
  /** What goes wrong in a call is a result. @throws the reason of `signal` */
  call(call: ServerCall, options: { signal: AbortSignal }): Promise<ToolResult>;
  /** A call whose end nobody saw may be made once more. */
  mayRepeat(call: ServerCall): boolean;
  close(): Promise<void>;
};

/** `earlier`: calls of the chain by an attempt that died; those that a session depends on are repeated in a new one first. */
export function createCaller(tools: ServerTools, earlier: readonly MadeCall[]): Caller {
  const sessions = new Map<OpenTool, Promise<ToolSession>>();

  async function opened(entry: OpenTool, signal: AbortSignal): Promise<ToolSession> {
    const session = entry.session();
    for (const { name, arguments: written, result } of earlier) {
      if (result === undefined || tools.entryOf(name) !== entry || tools.find(name)?.stateful !== true) continue;
      const args = argumentsOf(written, tools.find(name));
      if (args !== undefined) await session.call(name, args, { signal });
    }
    return session;
  }

  async function made(call: ServerCall, signal: AbortSignal): Promise<ToolResult> {
    const entry = tools.entryOf(call.name);
    if (entry === undefined) return failed('This tool is not offered any more.');
    const args = argumentsOf(call.arguments, tools.find(call.name));
    if (args === undefined) return failed('The arguments are not a JSON object. Write them as one.');
    const session = sessions.get(entry) ?? opened(entry, signal);
    sessions.set(entry, session);
    return (await session).call(call.name, args, { signal });
  }

  return {
    async call(call, { signal }) {
      signal.throwIfAborted();
      const result = await made(call, signal).catch((error: unknown): ToolResult => {
        signal.throwIfAborted();
        if (!(error instanceof ServiceError)) tools.onFault?.(error);
        return failed(error instanceof ServiceError ? error.message : 'The call failed inside the service.');
      });
      const known = tools.find(call.name);
      if (known !== undefined) tools.observe?.({ function: known, result });
      return { ...result, output: bounded(result.output) };
    },
    mayRepeat: ({ name }) => tools.find(name)?.pure === true,
    async close() {
      await Promise.allSettled([...sessions.values()].map(async (session) => (await session).close()));
    },
  };
}

/** The result of a call that may not be repeated. */
export const interruptedCall: ToolResult = {
  output:
    'The call was interrupted: the service stopped while it ran. It may have taken effect or not, and it is not repeated.',
  isError: true,
  interrupted: true,
  durationMs: 0,
};

function failed(output: string): ToolResult {
  return { output, isError: true, durationMs: 0 };
}

function bounded(output: string): string {
  if (output.length <= mostOutputCharacters) return output;
  const left = output.length - mostOutputCharacters;
  return `${output.slice(0, mostOutputCharacters)}\n[${left} more characters were left out]`;
}

const Arguments = z.record(z.string(), z.unknown());

/** Small models write the one text that a tool takes without JSON around it. */
function argumentsOf(written: string, tool: ServerFunction | undefined): Record<string, unknown> | undefined {
  if (written.trim() === '') return {};
  const parsed = Arguments.safeParse(parseJson(written));
  if (parsed.success) return parsed.data;
  const only = onlyText(tool?.parameters);
  return only === undefined ? undefined : { [only]: written };
}

const OneText = z.object({
  properties: z.record(z.string(), z.looseObject({ type: z.unknown() })),
});

function onlyText(parameters: unknown): string | undefined {
  const names = Object.entries(OneText.safeParse(parameters).data?.properties ?? {});
  const [first] = names;
  return names.length === 1 && first?.[1].type === 'string' ? first[0] : undefined;
}
