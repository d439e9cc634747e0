import { type Dirent, existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import type { FoundModel } from '../../contracts/service/found-models.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import {
  type CatalogEntry,
  cardCapabilities,
  ggufCatalogEntry,
  localCatalogEntry,
} from '../../models/config/catalog.ts';
import { completeUpstream } from '../../models/config/complete-upstream.ts';
import { onnxFile } from '../../models/local/folder/model-files.ts';
import { ggufFiles, ggufId, ollamaFolders } from '../../models/local/gguf/gguf-files.ts';
import { installCommand, installedLlama } from '../../models/local/gguf/llama-library.ts';
import { localCapabilities } from '../../models/local/local-model.ts';
import { capabilitiesOf, dialects } from '../../models/servers/client/dialect.ts';
import { discoverServer } from '../../models/servers/client/discover-server.ts';

/** Ports that these programs have if nobody changes them. */
const usualPorts = { ollama: 11434, lmstudio: 1234, 'llama.cpp': 8080, vllm: 8000 } as const;
/** ms for each question to a server: it is on this machine. */
const answerMs = 1_500;
/** Of one server, and of one kind of folder. */
const most = 100;
/** Folders below each other, and entries in all, that are looked through for files. */
const walk = { depth: 5, entries: 20_000 };

type Source = FoundModel['source'];

/**
 * What this machine has: models of servers at their usual loopback ports, and files in the folders of LM Studio, Ollama,
 * llama.cpp and the hub. Nothing else is asked, and nothing is sent anywhere.
 */
export async function findModels(options: {
  variables: Readonly<Record<string, string | undefined>>;
  fetch: typeof fetch;
  home?: string;
  ports?: Partial<Record<keyof typeof usualPorts, number>>;
}): Promise<FoundModel[]> {
  const home = options.home ?? homedir();
  const ports = Object.entries({ ...usualPorts, ...options.ports });
  const servers = await Promise.all(ports.map(([, port]) => modelsAt(`http://127.0.0.1:${port}`, options.fetch)));
  const files = await Promise.all(
    fileCandidates(home, options.variables).map(({ source, path, folder }) => fileModel(source, path, folder)),
  );
  return [...servers.flat(), ...files];
}

async function modelsAt(address: string, ask: typeof fetch): Promise<FoundModel[]> {
  const server = await discoverServer(address, { fetch: ask, timeoutMs: answerMs });
  // Another Thinkfirst, or this one.
  if (typeof server === 'string' || server.dialect === 'thinkfirst') return [];
  const { dialect, names } = server;
  const source: Source = dialect === 'plain' ? 'server' : dialect;
  return Promise.all(
    names.slice(0, most).map(async (name): Promise<FoundModel> => {
      const found = { source, place: server.url, bytes: null, family: null, context_length: null };
      const model = { kind: 'upstream' as const, url: server.url, model: name };
      try {
        const { model: whole, notices } = await completeUpstream(model, { fetch: ask, invalid, mayLoad: false });
        const { id = name, family = null, contextLength = null } = whole;
        return {
          ...found,
          id,
          model: { ...model, id },
          family,
          context_length: contextLength,
          capabilities: cardCapabilities(capabilitiesOf(dialects[dialect])),
          notice: notices[0] ?? null,
        };
      } catch (error) {
        return { ...found, id: name, model, capabilities: null, notice: messageOf(error) };
      }
    }),
  );
}

const invalid = (_field: string, expected: string) => new ServiceError({ code: 'invalid_value', message: expected });

type Candidate = { source: Source; path: string; folder: 'gguf' | 'onnx' };

function fileCandidates(home: string, variables: Readonly<Record<string, string | undefined>>): Candidate[] {
  const cache = join(home, '.cache');
  const hub = variables['HF_HUB_CACHE'] ?? join(variables['HF_HOME'] ?? join(cache, 'huggingface'), 'hub');
  const lmStudio = [join(home, '.lmstudio', 'models'), join(cache, 'lm-studio', 'models')];
  const of = (source: Source, folders: readonly string[]): Candidate[] =>
    folders
      .flatMap(modelsBelow)
      .slice(0, most)
      .map((found) => ({ source, ...found }));
  return [
    ...ollamaNames(home).map((name): Candidate => ({ source: 'ollama', path: `ollama:${name}`, folder: 'gguf' })),
    ...of('lmstudio', lmStudio),
    ...of('llama.cpp', [join(cache, 'llama.cpp')]),
    ...of('hub', [hub]),
  ];
}

/** GGUF files (of a split one the first part) and ONNX folders below a folder; links to files count, as the hub makes them. */
function modelsBelow(root: string): Array<Omit<Candidate, 'source'>> {
  const found: Array<Omit<Candidate, 'source'>> = [];
  let entries = 0;
  const look = (folder: string, depth: number) => {
    if (depth > walk.depth) return;
    const names = entriesOf(folder);
    entries += names.length;
    if (entries > walk.entries) return;
    const isModel = ['config.json', 'tokenizer.json'].every((file) => names.some(({ name }) => name === file));
    if (isModel && onnxFile(folder) !== undefined) return void found.push({ path: folder, folder: 'onnx' });
    for (const entry of names) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) look(path, depth + 1);
      else if (isFirstGguf(entry.name)) found.push({ path, folder: 'gguf' });
    }
  };
  look(root, 0);
  return found;
}

/** None where it is not there, or may not be read: what else the machine has is found all the same. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function isFirstGguf(name: string): boolean {
  const part = /-(\d{5})-of-\d{5}\.gguf$/i.exec(name)?.[1];
  return /\.gguf$/i.test(name) && !name.startsWith('mmproj') && Number(part ?? 1) === 1;
}

/** Models whose manifests Ollama has on this machine, by the names that it knows them by. */
function ollamaNames(home: string): string[] {
  /** Paths of the files below a folder, in parts. */
  const filesBelow = (folder: string, above: readonly string[]): Array<readonly string[]> =>
    above.length > walk.depth
      ? []
      : entriesOf(folder).flatMap((entry) => {
          const path = [...above, entry.name];
          if (entry.isDirectory()) return filesBelow(join(folder, entry.name), path);
          return existsSync(join(folder, entry.name)) ? [path] : [];
        });
  return ollamaFolders(home).flatMap((models) =>
    filesBelow(join(models, 'manifests'), [])
      .slice(0, most)
      .map((path) => {
        const place = path
          .slice(0, -1)
          .join('/')
          .replace(/^registry\.ollama\.ai\/(library\/)?/, '');
        return `${place}:${path.at(-1)}`;
      }),
  );
}

async function fileModel(source: Source, path: string, kind: Candidate['folder']): Promise<FoundModel> {
  const id = kind === 'gguf' ? ggufId(path).replaceAll('/', '-') : hubName(path);
  const found = { id, model: { kind: 'folder' as const, folder: path, id }, source, place: path };
  try {
    const { card } = await entryOf(id, path, kind);
    const bytes = kind === 'gguf' ? ggufFiles(path).bytes : (onnxFile(path)?.bytes ?? 0);
    const lacks = kind === 'gguf' && installedLlama() === undefined;
    const notice = lacks ? `Install node-llama-cpp first: ${installCommand({ gpu: false })}` : null;
    const { family, context_length, capabilities } = card;
    return { ...found, bytes, family, context_length, capabilities, notice };
  } catch (error) {
    const nothing = { bytes: null, family: null, context_length: null, capabilities: null };
    return { ...found, ...nothing, notice: messageOf(error) };
  }
}

function entryOf(id: string, path: string, kind: Candidate['folder']): Promise<CatalogEntry> {
  return kind === 'gguf' ? ggufCatalogEntry({ id, path }) : localCatalogEntry({ id, path }, localCapabilities);
}

/** `name` of the hub's `models--organisation--name/snapshots/commit`. */
function hubName(folder: string): string {
  return /models--[^/\\]+--([^/\\]+)/.exec(folder)?.[1] ?? basename(folder);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
