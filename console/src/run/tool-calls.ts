import type { OutputItem } from '../../../src/contracts/responses/output-item.ts';
import type { TraceStep } from '../../../src/contracts/responses/trace.ts';
import type { RunState } from './run-state.ts';

/** A call of a tool that the service ran, as a card shows it. */
export type ShownCall = {
  key: string;
  tool: string;
  /** The MCP server of the tool; undefined for the service's own Python. */
  server: string | undefined;
  /** Python, or arguments as JSON; empty where the key may not see them. */
  input: string;
  /** Null while it runs, and where the key may not see it. */
  output: string | null;
  state: 'running' | 'done' | 'failed' | 'interrupted';
  /** ms; undefined where no trace tells it. */
  duration: number | undefined;
};

/** The call of a trace's step; `running`: the step has not ended, and its response neither. Undefined for any other step. */
export function callOfStep(step: TraceStep, { running }: { running: boolean }): ShownCall | undefined {
  const { call } = step;
  if (call === undefined) return undefined;
  const { server, tool } = toolNamed(call.name);
  const ended = call.error || call.output !== null || step.duration_ms > 0;
  const cut = call.interrupted === true || (!ended && !running);
  return {
    key: call.id,
    tool,
    server,
    input: server === undefined ? codeOf(call.arguments) : laidOut(call.arguments),
    output: call.output,
    state: cut ? 'interrupted' : !ended ? 'running' : call.error ? 'failed' : 'done',
    duration: ended ? step.duration_ms : undefined,
  };
}

/** The calls that led to the answer of an ended response, in order; time and output come from the trace where it is shown. */
export function callsOfAnswer({ response, steps }: Pick<RunState, 'response' | 'steps'>): ShownCall[] {
  return (response?.output ?? []).flatMap((item): ShownCall[] => {
    const call = callOfItem(item);
    if (call === undefined) return [];
    const step = steps.find(({ index, call: made }) => made !== undefined && item.id?.endsWith(`_${index}`));
    const traced = step === undefined ? undefined : callOfStep(step, { running: false });
    if (traced === undefined) return [call];
    return [{ ...call, output: call.output ?? traced.output, state: traced.state, duration: traced.duration }];
  });
}

function callOfItem(item: OutputItem): ShownCall | undefined {
  switch (item.type) {
    case 'code_interpreter_call': {
      const logs = item.outputs?.map((output) => (output.type === 'logs' ? output.logs : '')).join('');
      const about = { key: item.id, tool: 'python', server: undefined, input: item.code ?? '', duration: undefined };
      return { ...about, output: logs ?? null, state: item.status === 'failed' ? 'failed' : 'done' };
    }
    case 'mcp_call': {
      const about = { key: item.id, tool: item.name, server: item.server_label, input: laidOut(item.arguments) };
      const failed = item.error != null;
      const output = item.error ?? item.output ?? null;
      return { ...about, output, state: failed ? 'failed' : 'done', duration: undefined };
    }
    default:
      return undefined;
  }
}

/** JSON over several lines; other text as it is. */
export function laidOut(text: string): string {
  const value = parsed(text);
  return typeof value === 'object' && value !== null ? JSON.stringify(value, undefined, 2) : text;
}

/** MCP tools are called `server__tool`. */
function toolNamed(name: string): Pick<ShownCall, 'server' | 'tool'> {
  const at = name.indexOf('__', 1);
  return at === -1 ? { server: undefined, tool: name } : { server: name.slice(0, at), tool: name.slice(at + 2) };
}

/** The code of Python's one argument; small models write it without JSON around it. */
function codeOf(text: string): string {
  const value = parsed(text);
  const code = typeof value === 'object' && value !== null && 'code' in value ? value.code : undefined;
  return typeof code === 'string' ? code : text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
