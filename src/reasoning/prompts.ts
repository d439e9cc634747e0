import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The placeholders that each prompt file must use; a family's own version may leave out those in `optional`. */
const promptFiles = {
  compare: { required: ['question', 'answers', 'letters'], optional: [] },
  'compare-answer': { required: ['letter', 'answer', 'lines'], optional: [] },
  program: { required: ['question'], optional: [] },
  'program-error': { required: ['error'], optional: [] },
  verdict: { required: ['question', 'answer'], optional: [] },
  revise: { required: ['wrong'], optional: ['reason'] },
} as const satisfies Record<string, { required: readonly string[]; optional: readonly string[] }>;

type PromptName = keyof typeof promptFiles;
type Placeholder<Name extends PromptName> =
  | (typeof promptFiles)[Name]['required'][number]
  | (typeof promptFiles)[Name]['optional'][number];

/** Which text was used: the file within `prompts/`, and the first 12 hex digits of its SHA-256. */
export type PromptVersion = { file: string; hash: string };

export type Prompts = {
  /** The prompt with its placeholders filled, in the family's version where it has one. */
  fill<Name extends PromptName>(
    name: Name,
    values: Record<Placeholder<Name>, string>,
    family?: string,
  ): { text: string; version: PromptVersion };
};

/**
 * Reads `prompts/*.txt` and the families' own in `prompts/FAMILY/*.txt`. Throws where a file is missing, unknown, lacks a
 * placeholder or has one that is not known: a wrong prompt is found at start and not at the first request.
 */
export function loadPrompts(directory: string): Prompts {
  const loaded = new Map<string, { text: string; version: PromptVersion }>();
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const files = entry.isDirectory()
      ? readdirSync(join(directory, entry.name)).map((file) => `${entry.name}/${file}`)
      : [entry.name];
    for (const file of files.filter((name) => name.endsWith('.txt'))) {
      const text = readFileSync(join(directory, file), 'utf8').trimEnd();
      checkPlaceholders(file, text);
      const hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
      loaded.set(file, { text, version: { file, hash } });
    }
  }
  for (const name of Object.keys(promptFiles)) {
    if (!loaded.has(`${name}.txt`)) throw new Error(`prompts: ${name}.txt is missing`);
  }
  return {
    fill(name, values, family) {
      const prompt = loaded.get(`${family}/${name}.txt`) ?? loaded.get(`${name}.txt`);
      if (prompt === undefined) throw new Error(`prompts: ${name}.txt is missing`);
      const entries = new Map<string, string>(Object.entries(values));
      const text = prompt.text.replace(placeholder, (_, key: string) => entries.get(key) ?? '');
      return { text, version: prompt.version };
    },
  };
}

const placeholder = /\{\{([a-z_]+)\}\}/g;

function checkPlaceholders(file: string, text: string): void {
  const name = file.replace(/^.*\//, '').replace(/\.txt$/, '');
  const known = new Map<string, { required: readonly string[]; optional: readonly string[] }>(
    Object.entries(promptFiles),
  ).get(name);
  if (known === undefined) throw new Error(`prompts: no strategy uses ${file}`);
  const used = new Set([...text.matchAll(placeholder)].map((match) => match[1] ?? ''));
  const ownVersion = file.includes('/');
  for (const key of [...known.required, ...(ownVersion ? [] : known.optional)]) {
    if (!used.has(key)) throw new Error(`prompts: ${file} does not use {{${key}}}`);
  }
  for (const key of used) {
    if (![...known.required, ...known.optional].includes(key)) {
      throw new Error(`prompts: ${file} has {{${key}}}, which nothing fills`);
    }
  }
}
