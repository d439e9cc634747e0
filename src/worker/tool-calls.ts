import { z } from 'zod';
import { type FunctionTool, takesNothing } from '../contracts/responses/prompt.ts';
import type { ToolCalls } from '../contracts/responses/response-job.ts';
import { parseJson } from '../core/parse-json.ts';
import { schemaFit } from '../core/schema-fit.ts';
import type { ShownCall } from './wire-writer.ts';

/** A call with the tool name that the model knows. */
export type MadeCall = { name: string; arguments: string };

/** Decides which of a run's tool calls are shown. */
export type ToolCallFilter = {
  /** The call to show; undefined if it does not fit its tool, was shown before, or is one too many. */
  take(call: MadeCall): Promise<ShownCall | undefined>;
  /** The same for a call that was written as text because a call was forced. */
  takeText(text: string): Promise<ShownCall | undefined>;
  /** Why the last call that did not fit was refused. */
  readonly refused: string | undefined;
};

const WrittenCall = z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()) });

/** `shown`: the number of calls that an earlier attempt has shown; this attempt makes them again. */
export function createToolCallFilter(options: {
  tools: readonly FunctionTool[];
  calls: ToolCalls | undefined;
  shown: number;
}): ToolCallFilter {
  const { tools, calls } = options;
  const most = calls?.parallel === false ? 1 : Number.POSITIVE_INFINITY;
  let refused: string | undefined;
  let taken = 0;
  const take = async (made: MadeCall): Promise<ShownCall | undefined> => {
    const called = calls?.called?.[made.name];
    const call = called?.type === 'custom' ? asCustomCall(made) : withGivenArguments(made, tools);
    const fault = await faultOf(call, tools);
    if (fault !== undefined) {
      refused = fault;
      return undefined;
    }
    taken += 1;
    return taken > options.shown && taken <= most ? shownCall(call, called) : undefined;
  };
  return {
    take,
    async takeText(text) {
      const written = WrittenCall.safeParse(parseJson(text));
      if (!written.success) {
        refused = 'the call is no JSON object with a name and arguments';
        return undefined;
      }
      return take({ name: written.data.name, arguments: JSON.stringify(written.data.arguments) });
    },
    get refused() {
      return refused;
    },
  };
}

/** For a tool without arguments, models write nothing or something arbitrary. */
function withGivenArguments(call: MadeCall, tools: readonly FunctionTool[]): MadeCall {
  const { parameters } = tools.find(({ name }) => name === call.name) ?? {};
  const none = call.arguments.trim() === '' || (parameters !== undefined && takesNothing(parameters));
  return none ? { ...call, arguments: '{}' } : call;
}

const CustomArguments = z.object({ input: z.string() });

/** A model may write the free text itself instead of arguments. */
function asCustomCall({ name, arguments: written }: MadeCall): MadeCall {
  const isJson = typeof parseJson(written) === 'object';
  return { name, arguments: isJson ? written : JSON.stringify({ input: written }) };
}

function shownCall(call: MadeCall, called: NonNullable<ToolCalls['called']>[string] | undefined): ShownCall {
  if (called === undefined) return { type: 'function', name: call.name, text: call.arguments };
  const { type, name, namespace } = called;
  const text = type === 'custom' ? CustomArguments.parse(parseJson(call.arguments)).input : call.arguments;
  return { type, name, ...(namespace === undefined ? {} : { namespace }), text };
}

async function faultOf(call: MadeCall, tools: readonly FunctionTool[]): Promise<string | undefined> {
  const tool = tools.find(({ name }) => name === call.name);
  if (tool === undefined) return 'it names no given tool';
  const given = z.record(z.string(), z.unknown()).safeParse(parseJson(call.arguments));
  if (!given.success) return `the arguments of '${tool.name}' are no JSON object`;
  if (tool.parameters === undefined) return undefined;
  // A caller's schema that cannot be evaluated refuses nothing.
  const fit = await schemaFit(tool.parameters, given.data);
  return fit.fits === false ? `the arguments of '${tool.name}' don't fit at ${fit.at}` : undefined;
}
