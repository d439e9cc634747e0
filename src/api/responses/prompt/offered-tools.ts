import type { FunctionTool } from '../../../contracts/responses/prompt.ts';
import type { Warning } from '../../../contracts/responses/response.ts';
import type { CustomToolParam, FunctionToolParam, ToolParam } from '../../../contracts/responses/tool-param.ts';
import { ServiceError } from '../../../contracts/service/service-error.ts';

/** A tool that the client runs, as the client knows it and as the model is shown it. */
export type OfferedTool = {
  type: 'function' | 'custom';
  name: string;
  namespace?: string;
  shown: FunctionTool;
  /** Where it stands in the request: `tools[2].tools[0]`. */
  param: string;
};

/** A tool that only other services have. */
export type MissingTool = { type: string; param: string };

/** A tool as a request has it. `added`: by an item of its input, where it replaces one of the same name. */
export type GivenTool = { tool: ToolParam; param: string; added: boolean };

type OfferedTools = { tools: OfferedTool[]; missing: MissingTool[]; warnings: Warning[] };

/** Of one request, in all its namespaces and items. */
const mostTools = 1_024;

/**
 * Sorts a request's tools: those that its client runs, out of their namespaces, and those that this service doesn't have.
 * Models know functions only, so a tool that takes free text is shown as a function with one text, `input`.
 * @throws ServiceError `invalid_value` where a namespaced tool has the name of another one, and for more tools than a model is shown
 */
export function offeredTools(given: readonly GivenTool[]): OfferedTools {
  const tools: OfferedTool[] = [];
  const missing: MissingTool[] = [];
  const warnings: Warning[] = [];
  const offer = (tool: FunctionToolParam | CustomToolParam, { param, added }: Place, namespace?: Namespace) => {
    const { type, name } = tool;
    const of = namespace === undefined ? {} : { namespace: namespace.name };
    const called = { type, name, ...of };
    const shown = tool.type === 'custom' ? customTool(tool) : functionTool(tool);
    const description = [namespace?.description, shown.description].filter(Boolean).join('\n');
    const named = { ...shown, name: nameForModel(called), ...(description === '' ? {} : { description }) };
    const same = added ? tools.findIndex(({ shown }) => shown.name === named.name) : -1;
    tools.splice(same === -1 ? tools.length : same, same === -1 ? 0 : 1, { ...called, shown: named, param });
    if (tools.length > mostTools) throw tooMany(param);
    if (tool.type === 'custom' && tool.format?.type === 'grammar' && tool.format.syntax === 'lark') {
      warnings.push({
        field: `${param}.format`,
        message: 'Lark grammars are not enforced; the grammar is shown to the model.',
      });
    }
  };
  for (const { tool, param, added } of given) {
    const { type } = tool;
    if (!('name' in tool)) {
      if (!added || !missing.some((other) => other.type === type)) missing.push({ type, param });
    } else if (tool.type !== 'namespace') {
      offer(tool, { param, added });
    } else {
      for (const [at, inner] of tool.tools.entries()) offer(inner, { param: `${param}.tools[${at}]`, added }, tool);
    }
  }
  checkNames(tools);
  return { tools, missing, warnings };
}

type Place = Omit<GivenTool, 'tool'>;
type Namespace = { name: string; description?: string | null | undefined };

/** The name under which a model knows a tool. Servers take letters, digits, `_` and `-` in it. */
export function nameForModel({ name, namespace }: { name: string; namespace?: string | null | undefined }): string {
  return namespace ? `${namespace}__${name}` : name;
}

/** A free text as the arguments that a model writes. */
export function customArguments(input: string): string {
  return JSON.stringify({ input });
}

function functionTool({ name, description, parameters, strict }: FunctionToolParam): FunctionTool {
  return {
    name,
    ...(description ? { description } : {}),
    ...(parameters ? { parameters } : {}),
    ...(typeof strict === 'boolean' ? { strict } : {}),
  };
}

function customTool({ name, description, format }: CustomToolParam): FunctionTool {
  const grammar = format?.type === 'grammar' ? format : undefined;
  const input =
    grammar === undefined
      ? {}
      : grammar.syntax === 'regex'
        ? { pattern: `^(?:${grammar.definition})$` }
        : { description: grammar.definition };
  return {
    name,
    ...(description ? { description } : {}),
    parameters: {
      type: 'object',
      properties: { input: { type: 'string', ...input } },
      required: ['input'],
      additionalProperties: false,
    },
    // A regular expression that can't be enforced is refused, as a strict schema is.
    ...(grammar?.syntax === 'regex' ? { strict: true } : {}),
  };
}

function tooMany(param: string): ServiceError {
  const message = `Invalid '${param}': expected at most ${mostTools} tools in total.`;
  return new ServiceError({ code: 'invalid_value', message, param });
}

/** Two functions of one name were always taken; a namespace must not hide a tool. */
function checkNames(tools: readonly OfferedTool[]): void {
  for (const [index, { shown, namespace, param }] of tools.entries()) {
    const other = tools.findIndex((tool) => tool.shown.name === shown.name);
    if (other === index || (namespace === undefined && tools[other]?.namespace === undefined)) continue;
    const message = `Invalid '${param}.name': another tool already has the name '${shown.name}'.`;
    throw new ServiceError({ code: 'invalid_value', message, param: `${param}.name` });
  }
}
