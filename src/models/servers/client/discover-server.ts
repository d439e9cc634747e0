import { z } from 'zod';
import type { DialectName } from './dialect.ts';

/** A model as its server describes it. */
export type DiscoveredModel = {
  name: string;
  /** Other texts that may name its family: the weights' file, its architecture. */
  knownAs: readonly string[];
  /** Tokens that one request may have. */
  contextLength?: number;
  /** Jinja, where the server shows it. */
  chatTemplate?: string;
  /** What it takes beside text. */
  inputs?: Array<'image' | 'file'>;
  /** The server says that it writes thoughts, not how. */
  thinks?: true;
  /** That `contextLength` is a guess, and what to do about it. */
  contextNotice?: string;
  /** Why it can't chat, or not well: it only embeds, or its server has no chat template and gives it bare text. What to do about it. */
  chatNotice?: string;
};

type Options = {
  fetch: typeof fetch;
  timeoutMs: number;
  /** False: only look. A server of several models loads none of them to tell about it. */
  mayLoad?: boolean;
};

export type DiscoveredServer = {
  /** With the path that its routes have, no slash at the end. */
  url: string;
  dialect: DialectName;
  /** In the server's order, without those that only embed. */
  names: readonly string[];
  /** More of one of them. */
  about(name: string): Promise<DiscoveredModel>;
};

const Entry = z.looseObject({ id: z.string(), owned_by: z.string().nullish() });
const Listing = z.object({ data: z.array(Entry).nullable() });
type Entry = z.infer<typeof Entry>;

/**
 * Asks a server what it is and what it has: the routes that each kind of server has of its own, beside the list of models
 * that all have (`dialect.ts` says where each is documented). No key is sent: nobody has proved the address yet.
 * @param typed the address as a person types it, with `/v1` or without
 * @returns `away` where nothing answers, `locked` where it wants a key, `unlisted` where it has no list of models
 */
export async function discoverServer(
  typed: string,
  options: Options,
): Promise<DiscoveredServer | 'away' | 'locked' | 'unlisted'> {
  const ask = asker(options);
  const bare = withoutSlash(typed);
  for (const url of bare.endsWith('/v1') ? [bare] : [`${bare}/v1`, bare]) {
    const answer = await ask(`${url}/models`);
    if (answer === 'locked' || answer === 'away') return answer;
    const listing = Listing.safeParse(answer);
    const { mayLoad = true } = options;
    if (listing.success) return await recognise({ url, entries: listing.data.data ?? [], ask, mayLoad });
  }
  return 'unlisted';
}

/**
 * The address of a server that `discoverServer` found locked: with `/v1` where that is locked and the same route without it
 * is not there (vLLM guards `/v1` alone), else as typed, without a slash at the end.
 */
export async function addressBehindKey(typed: string, options: Options): Promise<string> {
  const ask = asker(options);
  const bare = withoutSlash(typed);
  if (bare.endsWith('/v1') || (await ask(`${bare}/v1/models`)) !== 'locked') return bare;
  const beside = await ask(`${bare}/models`);
  return beside === 'locked' || Listing.safeParse(beside).success ? bare : `${bare}/v1`;
}

const withoutSlash = (address: string): string => address.replace(/\/+$/, '');

type Asked = { url: string; entries: readonly Entry[]; ask: Ask; mayLoad: boolean };
type Ask = (url: string, body?: unknown) => Promise<unknown>;

/** JSON of a GET, or of a POST where there is a body; undefined where none comes. */
function asker(options: Options): Ask {
  return async (url, body) => {
    const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const signal = AbortSignal.timeout(options.timeoutMs);
    const given = { ...(body === undefined ? {} : post), redirect: 'manual', signal } as const;
    const answer = await options.fetch(url, given).catch(() => 'away' as const);
    if (answer === 'away') return answer;
    if (answer.status === 401 || answer.status === 403) return 'locked';
    return answer.ok ? await answer.json().catch(() => undefined) : undefined;
  };
}

async function recognise(asked: Asked): Promise<DiscoveredServer> {
  const { url, entries, ask } = asked;
  const root = url.replace(/\/v1$/, '');
  if (entries.some((entry) => 'effort_table' in entry)) return thinkfirst(asked);
  if (entries.some((entry) => entry.owned_by === 'vllm')) return listed(asked, 'vllm');
  if (entries.some((entry) => entry.owned_by === 'llamacpp')) return llamaCpp(asked, root);
  if (await isOllama(root, ask)) return ollama(asked, root);
  const studio = StudioListing.safeParse(await ask(`${root}/api/v0/models`));
  return studio.success ? lmStudio(asked, studio.data.data) : listed(asked, 'plain');
}

const Told = z.object({
  root: z.string().nullish(),
  max_model_len: z.int().positive().nullish(),
  context_length: z.int().positive().nullish(),
});

/** What the list itself says: vLLM's `max_model_len` and `root`, other servers' `context_length`. */
function listed({ url, entries }: Asked, dialect: DialectName): DiscoveredServer {
  return {
    url,
    dialect,
    names: entries.map(({ id }) => id),
    about: async (name) => {
      const { root, max_model_len, context_length } = Told.safeParse(entryOf(entries, name)).data ?? {};
      return withContext({ name, knownAs: root ? [root] : [] }, max_model_len ?? context_length);
    },
  };
}

function thinkfirst(asked: Asked): DiscoveredServer {
  return {
    ...listed(asked, 'thinkfirst'),
    // Whatever the family there, this dialect speaks to the service and not to the model.
    about: async (name) => {
      const known = Told.safeParse(entryOf(asked.entries, name)).data;
      return withContext({ name, knownAs: ['thinkfirst'] }, known?.context_length);
    },
  };
}

const Props = z.object({
  chat_template: z.string().optional(),
  model_path: z.string().optional(),
  default_generation_settings: z.object({ n_ctx: z.int().positive() }).optional(),
  modalities: z.object({ vision: z.boolean().optional() }).optional(),
});

function llamaCpp({ url, entries, ask, mayLoad }: Asked, root: string): DiscoveredServer {
  return {
    url,
    dialect: 'llama.cpp',
    names: entries.map(({ id }) => id),
    about: async (name) => {
      // With several models behind one server (its router), `model` says which, and is loaded for that unless told otherwise.
      const asked = `model=${encodeURIComponent(name)}${mayLoad ? '' : '&autoload=false'}`;
      const props = Props.safeParse(await ask(`${root}/props?${asked}`)).data;
      const found = { name, knownAs: props?.model_path === undefined ? [] : [props.model_path] };
      return {
        ...withContext(found, props?.default_generation_settings?.n_ctx),
        ...(props?.chat_template === undefined ? {} : { chatTemplate: props.chat_template }),
        ...(props?.modalities?.vision === true ? { inputs: ['image' as const] } : {}),
      };
    },
  };
}

const OllamaVersion = z.object({ version: z.string() });
const OllamaTags = z.object({ models: z.array(z.unknown()) });

/** llama-swap has the version too, and none of Ollama's other routes. */
async function isOllama(root: string, ask: Ask): Promise<boolean> {
  return (
    OllamaVersion.safeParse(await ask(`${root}/api/version`)).success &&
    OllamaTags.safeParse(await ask(`${root}/api/tags`)).success
  );
}

const OllamaModel = z.object({
  template: z.string().optional(),
  /** One of Ollama's own renderers, instead of a template. */
  renderer: z.string().optional(),
  parameters: z.string().optional(),
  capabilities: z.array(z.string()).optional(),
  details: z.object({ family: z.string().optional() }).optional(),
});
const OllamaRunning = z.object({ models: z.array(z.object({ name: z.string(), context_length: z.int().positive() })) });
/** What `ollama create` writes if it knows no template for the weights. */
const bareTemplate = /^\{\{-?\s*\.Prompt\s*-?\}\}$/;
const withoutTemplate =
  'Ollama has no chat template for this model, so the model gets bare text and its answers will be poor. Add a TEMPLATE to its Modelfile and create it again.';
const onlyEmbeds = 'This model only makes embeddings, so it cannot answer.';
/** What Ollama takes for granted on a machine with less than 24 GiB of VRAM (its docs, context length). */
const ollamaContext = {
  contextLength: 4_096,
  contextNotice:
    'Ollama gives a request 4,096 tokens on most machines. For more, set OLLAMA_CONTEXT_LENGTH there, and the same value as contextLength here.',
};

function ollama({ url, entries, ask }: Asked, root: string): DiscoveredServer {
  return {
    url,
    dialect: 'ollama',
    names: entries.map(({ id }) => id),
    about: async (name) => {
      const shown = OllamaModel.safeParse(await ask(`${root}/api/show`, { model: name })).data;
      const running = OllamaRunning.safeParse(await ask(`${root}/api/ps`)).data?.models;
      const set = /^num_ctx\s+(\d+)$/m.exec(shown?.parameters ?? '')?.[1];
      const contextLength =
        set === undefined ? running?.find((model) => model.name === name)?.context_length : Number(set);
      const { family } = shown?.details ?? {};
      const embeds = shown?.capabilities?.includes('embedding') === true && !shown.capabilities.includes('completion');
      const isBare = !shown?.renderer && bareTemplate.test(shown?.template?.trim() ?? '');
      return {
        name,
        ...(embeds ? { chatNotice: onlyEmbeds } : isBare ? { chatNotice: withoutTemplate } : {}),
        knownAs: family === undefined ? [] : [family],
        ...(contextLength === undefined ? ollamaContext : { contextLength }),
        ...(shown?.capabilities?.includes('vision') === true ? { inputs: ['image' as const] } : {}),
        ...(shown?.capabilities?.includes('thinking') === true ? { thinks: true as const } : {}),
      };
    },
  };
}

const StudioModel = z.object({
  id: z.string(),
  type: z.string(),
  arch: z.string().optional(),
  max_context_length: z.int().positive(),
  loaded_context_length: z.int().positive().optional(),
});
const StudioListing = z.object({ data: z.array(StudioModel) });
/** What LM Studio loads most models with, whatever they could have. */
const studioContext = 4_096;
const studioNotice =
  'LM Studio has not loaded this model yet, and loads most with 4,096 tokens of context. For more, set the context there, and give the same value as contextLength here.';

function lmStudio({ url }: Asked, models: ReadonlyArray<z.infer<typeof StudioModel>>): DiscoveredServer {
  return {
    url,
    dialect: 'lmstudio',
    names: models.filter(({ type }) => type !== 'embeddings').map(({ id }) => id),
    about: async (name) => {
      const model = models.find(({ id }) => id === name);
      const found = { name, knownAs: model?.arch === undefined ? [] : [model.arch] };
      const most = model?.max_context_length;
      const guessed = model?.loaded_context_length === undefined && most !== undefined && most > studioContext;
      return {
        ...withContext(found, model?.loaded_context_length ?? (guessed ? studioContext : most)),
        ...(guessed ? { contextNotice: studioNotice } : {}),
        ...(model?.type === 'vlm' ? { inputs: ['image' as const] } : {}),
      };
    },
  };
}

function entryOf(entries: readonly Entry[], name: string): Entry | undefined {
  return entries.find(({ id }) => id === name);
}

function withContext(model: DiscoveredModel, contextLength: number | null | undefined): DiscoveredModel {
  return contextLength === null || contextLength === undefined ? model : { ...model, contextLength };
}
