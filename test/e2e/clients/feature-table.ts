import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { it } from 'vitest';
import { codexVersion } from '../../support/codex-program.ts';
import { requirements } from './python-requirements.ts';

const root = new URL('../../../', import.meta.url);

/** What each client was seen to do; the run writes the table of `docs/clients.md` from it. */
export type FeatureTable = {
  /** A test that is a cell of the table: `yes` where it passes. */
  feature(client: string, feature: string, run: () => Promise<void>): void;
  /** Writes the page, if every feature was run: a part of the suite leaves it as it is. */
  write(): void;
};

export function createFeatureTable(): FeatureTable {
  const cells = new Map<string, Map<string, boolean | undefined>>();
  return {
    feature(client, feature, run) {
      const row = cells.get(client) ?? new Map<string, boolean | undefined>();
      cells.set(client, row.set(feature, undefined));
      it(feature, async () => {
        row.set(feature, false);
        await run();
        row.set(feature, true);
      });
    },
    write() {
      const rows = [...cells.values()];
      if (rows.some((row) => [...row.values()].includes(undefined))) return;
      const address = new URL('docs/clients.md', root);
      writeFileSync(address, page(cells) + prose(readFileSync(address, 'utf8')));
    },
  };
}

/** What people wrote below the table: from the page's first heading of level 2 to its end. */
function prose(page: string): string {
  const start = page.indexOf('\n## ');
  return start < 0 ? '' : page.slice(start);
}

function page(cells: ReadonlyMap<string, ReadonlyMap<string, boolean | undefined>>): string {
  const clients = [...cells.keys()];
  const features = [...new Set([...cells.values()].flatMap((row) => [...row.keys()]))];
  const cell = (client: string, feature: string): string => {
    const held = cells.get(client)?.get(feature);
    return held === undefined ? '–' : held ? 'yes' : 'no';
  };
  const line = (texts: readonly string[]) => `| ${texts.join(' | ')} |`;
  return `# Clients

\`npm run clients\` writes this table. It runs the clients against the service with the embedded model or, for agents, with a scripted model that calls their tools.
\`–\` means that the client does not have the feature, or that it is not tested.

${line(['', 'version', ...features])}
${line(['---', '---', ...features.map(() => '---')])}
${clients.map((client) => line([shown(client), version(client), ...features.map((feature) => cell(client, feature))])).join('\n')}
`;
}

/**
 * Clients that are not the newest, or that bring an older `openai`, and why. The service runs on Node 20, and so do its tests. Instructor
 * works with the newest `openai` too, but its bound on `jiter` keeps pip from it.
 */
const heldBack: Readonly<Record<string, string>> = {
  openai: '7 needs Node 22',
  '@ai-sdk/openai': '4 needs Node 22 (as `ai` 7 does)',
  '@ai-sdk/openai-compatible': '3 needs Node 22',
  '@ai-sdk/open-responses': '2 needs Node 22',
  '@langchain/openai': '1.6 needs Node 22',
  '@openai/agents': 'the newest that takes `openai` 6',
  'instructor for Python': `the newest; pip gives it \`openai\` ${versionIn(requirements.instructor, 'openai')}`,
};

/** The package that a row is of. */
function packageOf(client: string): string {
  return client.replace(/ \(.*\)$/, '');
}

/** `openai (chat)` with its package as code. */
function shown(client: string): string {
  const name = packageOf(client).replace(/ for .*$/, '');
  return client.replace(name, `\`${name}\``);
}

/** The version that ran, and why it isn't the newest. */
function version(client: string): string {
  const name = packageOf(client);
  const [, ofPython] = /^(.*) for Python$/.exec(name) ?? [];
  if (ofPython !== undefined) return `${pythonVersion(ofPython)}, ${heldBack[name] ?? 'the newest'}`;
  if (name === 'curl') return execFileSync('curl', ['--version'], { encoding: 'utf8' }).split(' ')[1] ?? '';
  if (name === '@openai/codex') return `${codexVersion}, the newest`;
  const { devDependencies } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  return `${devDependencies[name]}, ${heldBack[name] ?? 'the newest'}`;
}

function pythonVersion(name: string): string {
  return versionIn(name === 'instructor' ? requirements.instructor : requirements.all, name);
}

function versionIn(lines: readonly string[], name: string): string {
  const found = lines.find((line) => line.startsWith(`${name}==`) || line.startsWith(`${name}-slim==`));
  return found?.split('==')[1] ?? '';
}
