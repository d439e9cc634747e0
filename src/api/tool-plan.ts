import type { CreateResponse, FunctionToolParam } from '../contracts/create-response.ts';
import type { ModelCard } from '../contracts/model-card.ts';
import type { FunctionTool } from '../contracts/prompt.ts';
import type { Warning } from '../contracts/response.ts';
import type { ToolCalls } from '../contracts/response-job.ts';
import { ServiceError } from '../contracts/service-error.ts';
import type { ApiDependencies } from './dependencies.ts';

type JsonObject = Record<string, unknown>;
type CheckConstraints = ApiDependencies['checkConstraints'];

export type ToolPlan = {
  /** What the model is told of; absent: no tools. */
  tools?: FunctionTool[];
  calls?: ToolCalls;
  warnings: Warning[];
};

/**
 * What a request's `tools`, `tool_choice` and `parallel_tool_calls` come to for a model.
 * @throws ServiceError `invalid_value` for a choice of no given tool, `unsupported_constraint` for a strict schema that can't be enforced
 */
export async function planTools(request: CreateResponse, card: ModelCard, check: CheckConstraints): Promise<ToolPlan> {
  const given = request.tools ?? [];
  const allowed = allowedTools(request, given);
  const forced = isForced(request.tool_choice);
  if (given.length === 0) return { warnings: [] };
  if (!card.capabilities.tools) return { warnings: toolless(card, forced) };
  const asked = allowed.map(({ parameters }) => ({ type: 'json_schema' as const, schema: parameters ?? anyObject }));
  const faults = (await check?.(card, asked)) ?? [];
  const schemas = new Map(
    allowed.map((tool, index) => [tool.name, argumentsSchema(tool, given.indexOf(tool), faults[index])]),
  );
  const constrained = card.capabilities.constraints.includes('json_schema');
  const choice = forced ? 'required' : request.tool_choice === 'none' ? 'none' : 'auto';
  return {
    tools: (choice === 'none' ? given : allowed).map(functionTool),
    calls: {
      choice,
      parallel: request.parallel_tool_calls ?? true,
      ...(constrained && allowed.length > 0
        ? { constraint: { type: 'json_schema', schema: callSchema(schemas) } }
        : {}),
    },
    warnings:
      forced && !constrained
        ? [{ field: 'tool_choice', message: 'This model can’t be made to call a tool; it may answer instead.' }]
        : [],
  };
}

function functionTool({ name, description, parameters, strict }: FunctionToolParam): FunctionTool {
  return {
    name,
    ...(description ? { description } : {}),
    ...(parameters ? { parameters } : {}),
    ...(typeof strict === 'boolean' ? { strict } : {}),
  };
}

function isForced(choice: CreateResponse['tool_choice']): boolean {
  if (choice === 'required') return true;
  if (typeof choice !== 'object' || choice === null) return false;
  return choice.type === 'function' || choice.mode === 'required';
}

function allowedTools({ tool_choice: choice }: CreateResponse, given: readonly FunctionToolParam[]) {
  if (isForced(choice) && given.length === 0) throw invalid('tool_choice', 'expected tools to choose from');
  if (typeof choice !== 'object' || choice === null) return [...given];
  const names = choice.type === 'function' ? [choice.name] : choice.tools.map((tool) => tool['name']);
  const known = new Set<unknown>(given.map((tool) => tool.name));
  const unknown = names.findIndex((name) => !known.has(name));
  if (unknown >= 0) {
    const field = choice.type === 'function' ? 'tool_choice.name' : `tool_choice.tools[${unknown}].name`;
    throw invalid(field, `expected one of ${given.map(({ name }) => `'${name}'`).join(', ') || 'the given tools'}`);
  }
  return given.filter(({ name }) => names.includes(name));
}

/** The arguments' schema as far as it can be enforced; a strict one whole, or the request is refused. */
function argumentsSchema(tool: FunctionToolParam, index: number, fault: ServiceError | undefined): JsonObject {
  if (fault === undefined) return tool.parameters ?? anyObject;
  if (tool.strict !== true) return anyObject;
  const place = (fault.param ?? '').replace(/^text\.format\.schema/, '');
  const param = `tools[${index}].parameters${place}`;
  const message = `${param}: ${fault.message.replace(/^\S+: /, '')}`;
  throw new ServiceError({ code: 'unsupported_constraint', message, param });
}

const anyObject: JsonObject = { type: 'object' };

/** A call as JSON text, `{"name": …, "arguments": …}`, of any of these tools. */
function callSchema(schemas: ReadonlyMap<string, JsonObject>): JsonObject {
  const calls = [...schemas].map(([name, schema], index) => {
    const place = schemas.size === 1 ? '#/properties/arguments' : `#/anyOf/${index}/properties/arguments`;
    return {
      type: 'object',
      properties: { name: { const: name }, arguments: relocated(schema, place) },
      required: ['name', 'arguments'],
      additionalProperties: false,
    };
  });
  const [only] = calls;
  return calls.length === 1 && only ? only : { anyOf: calls };
}

/** A schema within another document: what it refers to in itself has moved along. */
function relocated(schema: JsonObject, place: string): JsonObject {
  const { $id: _id, $schema: _dialect, ...rest } = schema;
  return JSON.parse(JSON.stringify(rest), (key, value: unknown) =>
    key === '$ref' && typeof value === 'string' && value.startsWith('#') ? `${place}${value.slice(1)}` : value,
  );
}

function toolless(card: ModelCard, forced: boolean): Warning[] {
  const tools = { field: 'tools', message: `'${card.id}' calls no tools; it is not told of them.` };
  return forced ? [tools, { field: 'tool_choice', message: 'No tool is called.' }] : [tools];
}

function invalid(param: string, expected: string): ServiceError {
  return new ServiceError({ code: 'invalid_value', message: `Invalid '${param}': ${expected}.`, param });
}
