import type { CreateResponse } from '../../../contracts/responses/create-response.ts';
import type { InputItem } from '../../../contracts/responses/input-item.ts';
import type { ChatMessage, FunctionTool, Prompt, ToolCall } from '../../../contracts/responses/prompt.ts';
import type { Warning } from '../../../contracts/responses/response.ts';
import type { ServerToolParam } from '../../../contracts/responses/tool-param.ts';
import type { ModelCard } from '../../../contracts/service/model-card.ts';
import { fieldPath } from '../../validation-error.ts';
import type { ResolvedContext } from '../resolve-context.ts';
import { customArguments, nameForModel } from './offered-tools.ts';
import { type AddressRefusal, invalidAt, textOf, toolContent, unsupportedAt, userContent } from './prompt-content.ts';
import type { PromptFiles } from './prompt-files.ts';
import { openedItems } from './sealed-items.ts';

type Path = Array<string | number>;
/** What of a request becomes its prompt. */
type Asked = Pick<CreateResponse, 'input' | 'instructions' | 'conversation' | 'reasoning'>;
export type Located = { item: InputItem; path: Path };
type Turns = {
  messages: ChatMessage[];
  warnings: Warning[];
  thought: string | undefined;
  /** Calls that an earlier response asked about, and what was said; undefined: nothing yet. */
  asked: Map<string, { call: ToolCall; label: string; approve?: boolean }>;
};

type PromptParts = ResolvedContext & {
  tools?: FunctionTool[];
  /** Opens `encrypted_content`; undefined where it is not ours. */
  open(sealed: string): string | undefined;
  /** What the model takes. */
  inputs: ModelCard['capabilities']['inputs'];
  /** Of images that an upstream server fetches. */
  addressRefusal: AddressRefusal;
  /** What was uploaded, by the ids that parts name. */
  files: PromptFiles;
  /** Tools of the request that the service runs itself. */
  server?: readonly ServerToolParam[];
};

/**
 * Flattens instructions, earlier items and input to turns. Thoughts are kept since the last message of the user's, so that
 * a tool's result goes on with them; with `reasoning.context: all_turns` all of them are.
 * @throws ServiceError `unsupported_input` naming the part that the model can't take, `invalid_value` for empty input,
 * results without their call and sealed thoughts that don't open
 */
export function buildPrompt(
  request: Asked,
  parts: PromptParts,
): { prompt: Prompt; warnings: Warning[]; approved: ToolCall[] } {
  const items = locatedItems(request, parts);
  const keepsAll = request.reasoning?.context === 'all_turns';
  const turnStart = items.findLastIndex(({ item }) => isMessage(item) && item.role === 'user');
  const turns: Turns = { messages: [], warnings: [], thought: undefined, asked: new Map() };
  if (request.instructions) turns.messages.push({ role: 'system', content: request.instructions });
  for (const [index, { item, path }] of items.entries()) {
    if (item.type !== 'reasoning') append(turns, item, path, parts);
    else if (keepsAll || index > turnStart) takeThought(turns, item, path, parts.open);
  }
  const { messages, warnings } = turns;
  const decided = [...turns.asked.values()];
  const approved = decided.filter(({ approve }) => approve === true).map(({ call }) => call);
  for (const { call, approve } of decided) {
    if (approve === undefined) answerCall(messages, call.id, 'The user has not approved this call.');
  }
  const asks = messages.some((message) => isAsked(message));
  const calls = approved.length > 0 || messages.some((message) => message.role === 'tool');
  if (!asks && !calls) throw invalidAt(['input'], 'expected some text, got none');
  return { prompt: { messages, ...(parts.tools === undefined ? {} : { tools: parts.tools }) }, warnings, approved };
}

/** The items of a prompt in order, those of a compaction opened, each with where it stands in the request. */
export function locatedItems(
  request: Pick<Asked, 'input' | 'conversation'>,
  { context, referenced, open }: ResolvedContext & Pick<PromptParts, 'open'>,
): Located[] {
  const earlier = context.map((item) => ({
    item,
    path: [request.conversation ? 'conversation' : 'previous_response_id'],
  }));
  if (typeof request.input === 'string') {
    return opened([...earlier, { item: { role: 'user', content: request.input }, path: ['input'] }], open);
  }
  const own = request.input.map((item, index): Located => {
    const target = item.type === 'item_reference' ? referenced.find(({ id }) => id === item.id) : item;
    return { item: target ?? item, path: ['input', index] };
  });
  return opened([...earlier, ...own], open);
}

function opened(items: readonly Located[], open: PromptParts['open']): Located[] {
  return items.flatMap(({ item, path }) =>
    item.type === 'compaction'
      ? openedItems(item, path, open).map((inner) => ({ item: inner, path }))
      : [{ item, path }],
  );
}

type PromptItem = Exclude<InputItem, { type: 'reasoning' }>;
type Taken = Pick<PromptParts, 'inputs' | 'addressRefusal' | 'files' | 'server'>;

function append(turns: Turns, item: PromptItem, path: Path, taken: Taken): void {
  const { messages } = turns;
  switch (item.type) {
    case undefined:
    case 'message': {
      const at = [...path, 'content'];
      if (item.role === 'user') messages.push({ role: 'user', ...userContent(item.content, at, taken) });
      else if (item.role !== 'assistant') messages.push({ role: 'system', content: textOf(item.content, at) });
      else messages.push({ role: 'assistant', content: textOf(item.content, at), ...thoughtOf(turns) });
      return;
    }
    case 'function_call':
    case 'custom_tool_call': {
      const args = item.type === 'function_call' ? item.arguments : customArguments(item.input);
      addCall(turns, { id: item.call_id, name: nameForModel(item), arguments: args });
      return;
    }
    case 'function_call_output':
    case 'custom_tool_call_output':
      appendOutput(turns, item, path, taken);
      return;
    case 'code_interpreter_call': {
      const { id, code, outputs } = item;
      addCall(turns, { id, name: 'python', arguments: JSON.stringify({ code: code ?? '' }) });
      const logs = outputs?.map((output) => (output.type === 'logs' ? output.logs : '')).join('');
      messages.push({ role: 'tool', content: logs ?? '(The output was not kept.)', toolCallId: id });
      return;
    }
    case 'mcp_call':
      appendMcpCall(turns, item);
      return;
    case 'mcp_approval_request': {
      const call = mcpCall(item);
      turns.asked.set(item.id, { call, label: item.server_label });
      addCall(turns, call);
      return;
    }
    case 'mcp_approval_response':
      applyApproval(turns, item, path, taken);
      return;
    // The request's own tools are what the model gets.
    case 'mcp_list_tools':
    case 'additional_tools':
      return;
    case 'item_reference':
    case 'compaction':
      throw unsupportedAt(path, 'expected the id of an item that can be part of a prompt');
    default:
      item satisfies never;
  }
}

/** The result of a call that the client ran. */
function appendOutput(
  turns: Turns,
  item: Extract<InputItem, { type: 'function_call_output' | 'custom_tool_call_output' }>,
  path: Path,
  taken: Taken,
): void {
  const { messages } = turns;
  const { warnings, ...content } = toolContent(item.output, [...path, 'output'], taken);
  turns.warnings.push(...warnings);
  const known = messages.some(
    (turn) => turn.role === 'assistant' && turn.toolCalls?.some(({ id }) => id === item.call_id),
  );
  if (!known) throw invalidAt([...path, 'call_id'], 'expected the call_id of an earlier call');
  messages.push({ role: 'tool', ...content, toolCallId: item.call_id });
}

/** A call that the service ran on an MCP server, with its result; an approval request before it is that call. */
function appendMcpCall(turns: Turns, item: Extract<InputItem, { type: 'mcp_call' }>): void {
  const { id, output, error } = item;
  const asked = turns.asked.get(item.approval_request_id ?? '');
  if (asked === undefined) addCall(turns, mcpCall(item));
  else turns.asked.delete(asked.call.id);
  turns.messages.push({ role: 'tool', content: error ?? output ?? '(no output)', toolCallId: asked?.call.id ?? id });
}

function applyApproval(
  turns: Turns,
  item: Extract<InputItem, { type: 'mcp_approval_response' }>,
  path: Path,
  { server }: Taken,
): void {
  const asked = turns.asked.get(item.approval_request_id);
  if (asked === undefined) {
    throw invalidAt([...path, 'approval_request_id'], 'expected the id of an earlier mcp_approval_request');
  }
  if (!item.approve) {
    const because = item.reason ? `: ${item.reason}` : '';
    turns.asked.delete(item.approval_request_id);
    answerCall(turns.messages, asked.call.id, `The user declined this call${because}.`);
    return;
  }
  const offered = server?.some((tool) => tool.type === 'mcp' && tool.server_label === asked.label);
  if (offered !== true) {
    throw invalidAt([...path, 'approval_request_id'], `expected the server '${asked.label}' among 'tools'`);
  }
  asked.approve = true;
}

function mcpCall(item: { id: string; server_label: string; name: string; arguments: string }): ToolCall {
  const { id, name, server_label: namespace } = item;
  return { id, name: nameForModel({ name, namespace }), arguments: item.arguments };
}

/** Calls that were made together are one turn of the model's. */
function addCall(turns: Turns, call: ToolCall): void {
  const { messages } = turns;
  const last = messages.at(-1);
  if (last?.role === 'assistant' && turns.thought === undefined) last.toolCalls = [...(last.toolCalls ?? []), call];
  else messages.push({ role: 'assistant', content: '', ...thoughtOf(turns), toolCalls: [call] });
}

/** Behind the turn of the call and the results that it has already. */
function answerCall(messages: ChatMessage[], id: string, content: string): void {
  const at = messages.findIndex((turn) => turn.role === 'assistant' && turn.toolCalls?.some((call) => call.id === id));
  let behind = at + 1;
  while (messages[behind]?.role === 'tool') behind += 1;
  messages.splice(behind, 0, { role: 'tool', content, toolCallId: id });
}

function takeThought(
  turns: Turns,
  item: Extract<InputItem, { type: 'reasoning' }>,
  path: Path,
  open: PromptParts['open'],
): void {
  const written = (item.content ?? []).map(({ text }) => text).join('');
  const sealed = written === '' ? (item.encrypted_content ?? undefined) : undefined;
  const thought = sealed === undefined ? written : open(sealed);
  if (thought === undefined)
    throw invalidAt([...path, 'encrypted_content'], 'expected the unmodified value from this service');
  if (thought !== '') turns.thought = thought;
  else
    turns.warnings.push({
      field: fieldPath(path),
      message: 'This item contains no thought, so none is added to the prompt.',
    });
}

/** A thought belongs to what the model said next. */
function thoughtOf(turns: Turns): { thought?: string } {
  const { thought } = turns;
  turns.thought = undefined;
  return thought === undefined ? {} : { thought };
}

function isAsked(message: ChatMessage): boolean {
  if (message.role === 'user' && message.parts !== undefined) return true;
  return message.role !== 'system' && message.content.trim() !== '';
}

/** Whether an item is a message, whose `type` may be left out. */
export function isMessage(item: InputItem): item is Extract<InputItem, { role: string }> {
  return item.type === undefined || item.type === 'message';
}
