import { readFileSync, writeFileSync } from 'node:fs';
import { it } from 'vitest';

const root = new URL('../../../', import.meta.url);

/** What each client was seen to do; the run writes `docs/clients.md` from it. */
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
      writeFileSync(new URL('docs/clients.md', root), page(cells));
    },
  };
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

Made by \`npx vitest run --project e2e test/e2e/clients\`, against the service with the embedded model. \`–\`: the client has no
such thing, or it is not tried. \`ai\` 7, \`openai\` 7 and the newest \`@langchain/openai\` need Node 22: these are the newest that run on Node 20.

${line(['', ...features])}
${line(['---', ...features.map(() => '---')])}
${clients.map((client) => line([shown(client), ...features.map((feature) => cell(client, feature))])).join('\n')}
`;
}

/** `openai (chat)` with the version that is installed. */
function shown(client: string): string {
  const name = client.replace(/ \(.*\)$/, '');
  const { devDependencies } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  return client.replace(name, `\`${name}\` ${devDependencies[name]}`);
}
