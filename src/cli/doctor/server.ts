import type { UpstreamModel } from '../../models/config/model-config.ts';
import type { DialectName } from '../../models/servers/client/dialect.ts';
import { type DiscoveredServer, discoverServer } from '../../models/servers/client/discover-server.ts';
import { wholeNumber } from '../render/figures.ts';
import { doubtful, type Finding, faulty, well } from './finding.ts';

/** For all questions to one server together, ms. What isn't answered by then is not compared. */
const answerMs = 3_000;

/** Servers that answer no name that isn't in their list; the others may take it for another, or for the only one. */
const strictAboutNames: readonly DialectName[] = ['vllm', 'ollama', 'thinkfirst'];

/**
 * An upstream's entry beside what its server tells of itself: the address, the model, the dialect, the context. The key goes
 * along where the entry names one, as it does with each request of the service.
 */
export async function serverFindings(config: UpstreamModel): Promise<Finding[]> {
  const { url, apiKey } = config;
  const name = nameOf(config);
  const ask = limitedFetch(apiKey);
  const server = await discoverServer(url, { fetch: ask, timeoutMs: answerMs, mayLoad: false });
  switch (server) {
    case 'away': {
      const advice = 'Start that server, or correct its address in thinkfirst.config.json.';
      return [faulty(name, `nothing answers at ${url}`, advice)];
    }
    case 'locked':
      return [
        apiKey === undefined
          ? faulty(
              name,
              `${url} requires a key`,
              'Put the key into a variable, and name the variable in apiKeyVariable.',
            )
          : faulty(name, `${url} refuses the key`, 'Correct the variable that apiKeyVariable names.'),
      ];
    case 'unlisted': {
      const advice = 'Correct the address: it is the part before /chat/completions, and usually ends in /v1.';
      return [
        (await hasRoute(url, ask))
          ? well(name, `${url} answers, but has no list of models to compare with`)
          : faulty(name, `${url} has no /chat/completions`, advice),
      ];
    }
    default: {
      const found = [
        await addressFinding(config, server, ask),
        modelFinding(config, server),
        dialectFinding(config, server),
        ...(await describedFindings(config, server)),
      ].filter((one) => one !== undefined);
      return found.length > 0 ? found : [well(name, `${url} answers, and has ${config.model}`)];
    }
  }
}

const nameOf = ({ id }: UpstreamModel): string => `model ${id}`;

/** Its own address, with the time that is left and the key. */
function limitedFetch(apiKey: string | undefined): typeof fetch {
  const limit = AbortSignal.timeout(answerMs);
  return (url, options) => {
    const headers = new Headers(options?.headers);
    if (apiKey !== undefined) headers.set('authorization', `Bearer ${apiKey}`);
    const signal = AbortSignal.any([limit, ...(options?.signal ? [options.signal] : [])]);
    // The key goes to no other address.
    return fetch(url, { redirect: 'manual', ...options, headers, signal });
  };
}

/** An empty request costs nothing, and 404 says that there is no such route. */
async function hasRoute(url: string, ask: typeof fetch): Promise<boolean> {
  const headers = { 'content-type': 'application/json' };
  const sent = { method: 'POST', headers, body: '{}', redirect: 'manual' } as const;
  const answer = await ask(`${url}/chat/completions`, sent).catch(() => undefined);
  return answer?.status !== 404 && answer?.status !== 405;
}

async function addressFinding(
  config: UpstreamModel,
  server: DiscoveredServer,
  ask: typeof fetch,
): Promise<Finding | undefined> {
  const { url } = config;
  if (server.url === url) return undefined;
  // llama.cpp's routes without /v1 are there, and some of them are of its own kind; gateways may have all of them twice.
  if (server.dialect !== 'llama.cpp' && (await hasRoute(url, ask))) return undefined;
  const detail = `its routes start at ${server.url}, not at ${url}`;
  return faulty(nameOf(config), detail, `Put "url": "${server.url}" into that entry.`);
}

function modelFinding(config: UpstreamModel, { dialect, names, url }: DiscoveredServer): Finding | undefined {
  const { model } = config;
  if (names.includes(model) || names.includes(`${model}:latest`)) return undefined;
  const listed = names.length === 0 ? 'nothing yet' : names.join(', ');
  const detail = `${url} has no model ${model}; it lists ${listed}`;
  const advice = 'Use one of them as "model" of that entry, or load the model on the server.';
  const refused =
    strictAboutNames.includes(dialect) || names.length === 0 || (dialect === 'llama.cpp' && names.length > 1);
  return (refused ? faulty : doubtful)(nameOf(config), detail, advice);
}

function dialectFinding(config: UpstreamModel, server: DiscoveredServer): Finding | undefined {
  const { dialect } = config;
  if (server.dialect === 'plain' || server.dialect === dialect) return undefined;
  const detail = `${server.url} is ${server.dialect}, but the entry's dialect is ${dialect}`;
  const advice = `Put "dialect": "${server.dialect}" into that entry.`;
  // Plain asks for nothing that a server might not have.
  return (dialect === 'plain' ? doubtful : faulty)(nameOf(config), detail, advice);
}

/** What the server tells of this model itself. */
async function describedFindings(config: UpstreamModel, server: DiscoveredServer): Promise<Finding[]> {
  const { model, contextLength } = config;
  const named = server.names.find((name) => name === model || name === `${model}:latest`);
  // A server with one model answers with it, whatever it is called.
  const [only, ...others] = server.names;
  const known = named ?? (others.length === 0 ? only : undefined);
  if (known === undefined) return [];
  const { contextLength: given, contextNotice, chatNotice } = await server.about(known);
  const found: Finding[] = [];
  if (given !== undefined && contextLength > given) {
    const detail = `a request gets ${wholeNumber(given)} tokens there, but the entry's contextLength is ${wholeNumber(contextLength)}: longer requests are cut or refused`;
    const more = server.dialect === 'llama.cpp' ? 'llama.cpp divides its -c by --parallel' : 'give the server more';
    const advice = `Put "contextLength": ${given} into that entry; ${more}.`;
    found.push(
      contextNotice === undefined
        ? faulty(nameOf(config), detail, advice)
        : doubtful(nameOf(config), detail, contextNotice),
    );
  }
  if (chatNotice !== undefined) {
    found.push(doubtful(nameOf(config), `${known} at ${config.url} is not set up for chat`, chatNotice));
  }
  return found;
}
