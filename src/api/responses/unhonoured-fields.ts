import { CreateResponse, ReasoningRequest, TextRequest } from '../../contracts/responses/create-response.ts';
import type { Warning } from '../../contracts/responses/response.ts';
import { isServerTool } from '../../contracts/responses/tool-param.ts';
import type { ModelCard } from '../../contracts/service/model-card.ts';
import { isObject } from '../read-request.ts';

type Capabilities = ModelCard['capabilities'];

const honouredParts: ReadonlySet<string> = new Set([
  'code_interpreter_call.outputs',
  'message.output_text.logprobs',
  'reasoning.encrypted_content',
  'reasoning.text',
]);

/** What a model can't do, however it is asked. */
const incapable: ReadonlyArray<{
  field: string;
  asked(request: CreateResponse): boolean;
  capable(capabilities: Capabilities): boolean;
  message: string;
}> = [
  {
    field: 'top_logprobs',
    asked: wantsLogprobs,
    capable: ({ logprobs }) => logprobs,
    message: 'This model does not provide log-probabilities.',
  },
  {
    field: 'seed',
    asked: ({ seed }) => isGiven(seed),
    capable: ({ seed }) => seed,
    message: 'This model does not support a seed.',
  },
  {
    field: 'reasoning.compute',
    asked: ({ reasoning }) => reasoning?.compute === 'on',
    capable: ({ compute }) => compute,
    message: 'Values cannot be computed in this model’s thoughts; the model calculates them itself.',
  },
];

const sampling = [
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'presence_penalty',
  'frequency_penalty',
  'logit_bias',
] as const;
/** Clients send these defaults along: they change nothing. */
const neutral: ReadonlySet<string> = new Set(['presence_penalty 0', 'frequency_penalty 0']);

/** Accepted, and not honoured yet: whether a request asks for it, and what is so. A field leaves this list when it works. */
const unhonoured: ReadonlyArray<{ field: string; asked(request: CreateResponse): boolean; message: string }> = [
  {
    field: 'max_tool_calls',
    asked: ({ max_tool_calls, tools }) => isGiven(max_tool_calls) && !(tools ?? []).some(isServerTool),
    message: 'The request has no tool that the service runs itself.',
  },
  {
    field: 'text.verbosity',
    asked: ({ text }) => !isOneOf(text?.verbosity, ['medium']),
    message: 'The model decides the length of its answer.',
  },
  {
    field: 'include',
    asked: ({ include }) => (include ?? []).some((part) => !honouredParts.has(part)),
    message: 'Only log-probabilities, reasoning and outputs of code can be included.',
  },
  {
    field: 'service_tier',
    asked: ({ service_tier }) => !isOneOf(service_tier, ['auto', 'default', 'flex', 'priority']),
    message: 'The tiers are flex, default and priority; default was used.',
  },
  {
    field: 'prompt_cache_key',
    asked: ({ prompt_cache_key }) => isGiven(prompt_cache_key),
    message: 'Prompts are cached by their text.',
  },
  {
    field: 'client_metadata',
    asked: ({ client_metadata }) => isGiven(client_metadata),
    message: 'This field is not used or stored.',
  },
];

/** The warnings of a request: what we know and don't do, and what we don't know. */
export function unhonouredFields(
  body: Readonly<Record<string, unknown>>,
  request: CreateResponse,
  capabilities: Capabilities,
): Warning[] {
  const beyond = incapable.filter(({ asked, capable }) => asked(request) && !capable(capabilities));
  const unsampled = sampling.filter(
    (field) =>
      isGiven(request[field]) && !neutral.has(`${field} ${request[field]}`) && !capabilities.sampling.includes(field),
  );
  const known = unhonoured
    .filter(({ asked }) => asked(request))
    .map(({ field, message }) => ({ field, message: `Not applied yet. ${message}` }));
  const unknown = [
    ...unknownKeys(body, CreateResponse.shape, ''),
    ...unknownKeys(body['reasoning'], ReasoningRequest.shape, 'reasoning.'),
    ...unknownKeys(body['text'], TextRequest.shape, 'text.'),
  ];
  return [
    ...unsampled.map((field) => ({ field, message: 'The server of this model does not support this parameter.' })),
    ...beyond.map(({ field, message }) => ({ field, message })),
    ...known,
    ...unknown.map((field) => ({ field, message: 'Unknown field; ignored.' })),
  ];
}

/** Both fields ask for them; OpenAI's clients send either. */
export function wantsLogprobs({ include, top_logprobs }: CreateResponse): boolean {
  return (top_logprobs ?? 0) > 0 || (include ?? []).includes('message.output_text.logprobs');
}

/** Paths of the keys that a shape doesn't have. Bounded, so that a body of nothing but these makes no answer of its own size. */
export function unknownKeys(value: unknown, shape: Readonly<Record<string, unknown>>, prefix: string): string[] {
  if (!isObject(value)) return [];
  return Object.entries(value)
    .filter(([key, content]) => content !== null && !Object.hasOwn(shape, key))
    .slice(0, 32)
    .map(([key]) => `${prefix}${key.slice(0, 64)}`);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** True where nothing is given: then the default holds. */
function isOneOf(value: unknown, plain: readonly unknown[]): boolean {
  return !isGiven(value) || plain.includes(value);
}
