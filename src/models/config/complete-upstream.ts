import { type NewModel, withScheme } from '../../contracts/service/model-configuration.ts';
import type { ServiceError } from '../../contracts/service/service-error.ts';
import { byNearness } from '../../core/nearest-name.ts';
import { familyOf, familyOfName } from '../families/index.ts';
import { thinkTags } from '../families/think-tags.ts';
import {
  addressBehindKey,
  type DiscoveredModel,
  type DiscoveredServer,
  discoverServer,
} from '../servers/client/discover-server.ts';
import { UpstreamUrl } from './model-config.ts';

type NewUpstream = Extract<NewModel, { kind: 'upstream' }>;
/** An upstream whose every needed field is there. */
export type CompleteUpstream = NewUpstream & Required<Pick<NewUpstream, 'id' | 'model' | 'family' | 'dialect'>>;

/** A fault of one field of the model. */
type Invalid = (field: keyof NewUpstream, expected: string) => ServiceError;

const answerMs = 5_000;

/**
 * Completes an upstream's entry by asking its server: the address' path, the model, its id and family, the dialect, the
 * context, and the inputs that it takes. Given fields are kept. Notices are for the operator. `mayLoad`: as in `discoverServer`.
 * @throws the error that `invalid` makes, if no server answers or the server can't decide a field
 */
export async function completeUpstream(
  asWritten: NewUpstream,
  { fetch, invalid, mayLoad = true }: { fetch: typeof globalThis.fetch; invalid: Invalid; mayLoad?: boolean },
): Promise<{ model: CompleteUpstream; notices: string[] }> {
  const given = { ...asWritten, url: withScheme(asWritten.url) };
  const url = UpstreamUrl.safeParse(given.url);
  if (!url.success) throw invalid('url', url.error.issues[0]?.message ?? '');
  const { username, password } = new URL(given.url);
  // `fetch` refuses such an address, and no message may show it.
  if (username !== '' || password !== '') {
    throw invalid('url', 'an address without user and password; name the variable with the key in apiKeyVariable');
  }
  const asking = { fetch, timeoutMs: answerMs, mayLoad };
  const server = await discoverServer(given.url, asking);
  if (server === 'away') {
    throw invalid('url', `nothing answers at ${given.url}; start the server first, or correct the address`);
  }
  if (server === 'unlisted') return undiscovered(given, server, invalid);
  if (server === 'locked') {
    return undiscovered({ ...given, url: await addressBehindKey(given.url, asking) }, server, invalid);
  }
  const name = nameOf(given, server, invalid);
  const about = await server.about(name);
  const family = given.family ?? familyFor(about);
  const dialect = given.dialect ?? server.dialect;
  const contextLength = given.contextLength ?? about.contextLength;
  const inputs = given.inputs ?? about.inputs;
  const notices = [
    ...(server.names.includes(name)
      ? []
      : [`The server lists no model yet; it must have ${name} by the first request.`]),
    ...(dialect === server.dialect || server.dialect === 'plain'
      ? []
      : [`The server seems to be ${server.dialect}, but ${dialect} was given.`]),
    ...(given.contextLength === undefined && about.contextNotice !== undefined ? [about.contextNotice] : []),
    ...(about.chatNotice === undefined ? [] : [about.chatNotice]),
  ];
  return {
    model: {
      kind: 'upstream',
      id: given.id ?? idOf(name),
      url: server.url,
      model: name,
      family,
      dialect,
      ...(given.apiKeyVariable === undefined ? {} : { apiKeyVariable: given.apiKeyVariable }),
      ...(contextLength === undefined ? {} : { contextLength }),
      ...(inputs === undefined ? {} : { inputs }),
    },
    notices,
  };
}

const why = {
  locked: 'The server answers and asks for a key',
  unlisted: 'The server answers, but not to a list of its models',
};

/** A server that wants a key isn't asked further: the key is not sent to an address that is not verified yet. */
function undiscovered(
  given: NewUpstream,
  server: keyof typeof why,
  invalid: Invalid,
): { model: CompleteUpstream; notices: string[] } {
  const { model, dialect } = given;
  if (model === undefined) throw invalid('model', `${why[server]}: name its model`);
  const guessed = dialect === undefined ? ', so its type is unknown and it is treated as plain' : '';
  return {
    model: {
      ...given,
      id: given.id ?? idOf(model),
      model,
      family: given.family ?? familyFor({ name: model, knownAs: [] }),
      dialect: dialect ?? 'plain',
    },
    notices: [`${why[server]}${guessed}.`],
  };
}

function nameOf({ model }: NewUpstream, { names }: DiscoveredServer, invalid: Invalid): string {
  if (model !== undefined) {
    const known = names.find((name) => name === model) ?? names.find((name) => name === `${model}:latest`);
    if (known !== undefined || names.length === 0) return known ?? model;
    const nearest = byNearness(model, names).slice(0, mostNames).join(', ');
    throw invalid('model', `the server has no model ${model}; the names most like it are ${nearest}`);
  }
  const [only, ...others] = names;
  if (only === undefined) throw invalid('model', 'the server has no model yet; name the one that it will load');
  if (others.length > 0) throw invalid('model', `name one of the server's models: ${names.join(', ')}`);
  return only;
}

/** Of a long list, those that are named. */
const mostNames = 5;

/**
 * By its template, if the server shows one that is known; else by all its names together, since one of them may say that it
 * doesn't think. If neither helps, a model that thinks most likely has the commonest tags.
 */
function familyFor({ name, knownAs, chatTemplate, thinks }: DiscoveredModel): string {
  const id = [name, ...knownAs].map(lastPart).join(' ');
  const shown = chatTemplate === undefined ? undefined : familyOf({ modelType: '', id, chatTemplate }).name;
  return shown !== undefined && shown !== 'plain'
    ? shown
    : (familyOfName(id)?.name ?? (thinks ? thinkTags.name : 'plain'));
}

/** `/models/Qwen3-8B-Q4.gguf` is Qwen3-8B-Q4, `qwen3:8b` is qwen3-8b: a ":" would name an effort. */
function idOf(name: string): string {
  return lastPart(name)
    .replace(/\.gguf$/i, '')
    .replace(/:latest$/, '')
    .replaceAll(/[^\w.-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '');
}

/** Of a path, an organisation's name or a hub's; the folders above are anybody's. */
function lastPart(name: string): string {
  return name.split(/[/\\]/).findLast((part) => part !== '') ?? name;
}
