import { type Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { ApiKey, ApiKeyList, CreatedApiKey, NewApiKey } from '../../contracts/service/api-key.ts';
import { ScopeName } from '../../contracts/service/key-scopes.ts';
import { CliError, exitCodes } from '../cli-error.ts';
import { namedService, reachService, type ServiceOptions } from '../find-service.ts';
import { serviceOptions, wholeNumberFrom } from '../options.ts';
import { columns } from '../render/columns.ts';
import { ago, wholeNumber } from '../render/figures.ts';
import type { Paint, Terminal } from '../terminal.ts';

type CreateOptions = ServiceOptions & {
  name: string;
  scopes?: ScopeName[];
  rpm?: number;
  concurrent?: number;
  tokensPerDay?: number;
  json?: true;
};

/** What the commands need of a service's keys, over HTTP or straight from its store. */
type Keys = {
  create(wanted: NewApiKey): Promise<CreatedApiKey>;
  list(): Promise<ApiKey[]>;
  revoke(id: string): Promise<ApiKey | undefined>;
  close(): Promise<void>;
};

/** `thinkfirst keys` */
export function addKeys(program: Command, terminal: Terminal): void {
  const keys = program
    .command('keys')
    .summary('API keys: create, list, revoke')
    .description(
      'API keys. Without --url or THINKFIRST_URL they are written directly to the store (THINKFIRST_DATA, or REDIS_URL), ' +
        'and a running service notices within seconds. With a URL, they are managed over /v1/keys, with a key with scope admin. ' +
        'As soon as there is one key, the service requires a key for every request.',
    );
  const create = keys
    .command('create')
    .description('create a key; its secret is shown only once')
    .requiredOption('-n, --name <name>', 'the owner or purpose of the key')
    .addOption(
      new Option('-s, --scopes <names>', `comma-separated: ${ScopeName.options.join(', ')}`)
        .argParser(scopes)
        .default(undefined, 'trace:none, which shows no thoughts'),
    )
    .option('--rpm <n>', 'requests per minute', wholeNumberFrom(1))
    .option('--concurrent <n>', 'responses at the same time', wholeNumberFrom(1))
    .option('--tokens-per-day <n>', 'input and output together', wholeNumberFrom(1))
    .option('--json', 'the key as JSON');
  serviceOptions(create).action((options: CreateOptions) =>
    using(options, terminal, async (store) => {
      const created = await store.create(wantedKey(options));
      if (options.json === true) return terminal.print(JSON.stringify(created, undefined, 2));
      terminal.note(
        `Key ${created.id} for ${created.name}, scopes ${created.scopes.join(', ')}. The secret is shown only once:`,
      );
      terminal.print(created.secret);
      terminal.note(terminal.notePaint.dim('Use it: export THINKFIRST_KEY=…, or the header Authorization: Bearer …'));
    }),
  );
  const list = keys
    .command('list', { isDefault: true })
    .description('list keys, including revoked ones')
    .option('--json', 'as JSON, one per line');
  serviceOptions(list).action((options: ServiceOptions & { json?: true }) =>
    using(options, terminal, async (store) => {
      const all = await store.list();
      if (options.json === true) for (const key of all) terminal.print(JSON.stringify(key));
      else terminal.print(all.length === 0 ? terminal.paint.dim(noKeys) : keyTable(all, terminal.paint));
    }),
  );
  const revoke = keys
    .command('revoke')
    .description('revoke a key permanently, with immediate effect')
    .argument('<id...>', 'key_…');
  serviceOptions(revoke).action((ids: string[], options: ServiceOptions) =>
    using(options, terminal, async (store) => {
      for (const id of ids) {
        const revoked = await store.revoke(id);
        if (revoked === undefined) throw unknownKey(id);
        terminal.print(`${id}  revoked (${revoked.name})`);
      }
    }),
  );
}

const noKeys =
  'There is no key yet: anyone who can reach the service may use it. Create one: thinkfirst keys create --name NAME';

async function using(options: ServiceOptions, terminal: Terminal, work: (keys: Keys) => Promise<void>): Promise<void> {
  const keys = await openStore(options, terminal);
  try {
    await work(keys);
  } finally {
    await keys.close();
  }
}

async function openStore(options: ServiceOptions, terminal: Terminal): Promise<Keys> {
  if (namedService(options, terminal).named) {
    const client = await reachService(options, terminal);
    return {
      create: (body) => client.call(CreatedApiKey, '/v1/keys', { body }),
      list: async () => (await client.call(ApiKeyList, '/v1/keys')).data,
      revoke: (id) => client.call(ApiKey, `/v1/keys/${encodeURIComponent(id)}`, { method: 'DELETE' }),
      close: async () => {},
    };
  }
  const { openKeys } = await import('../../entry/open-records.ts');
  const { keys, close } = await openKeys(terminal.variables);
  return { create: keys.create, list: keys.list, revoke: keys.revoke, close };
}

function wantedKey({ name, scopes, rpm, concurrent, tokensPerDay }: CreateOptions): NewApiKey {
  const wanted = NewApiKey.safeParse({
    name,
    ...(scopes !== undefined && { scopes }),
    ...(rpm !== undefined && { requests_per_minute: rpm }),
    ...(concurrent !== undefined && { concurrent_responses: concurrent }),
    ...(tokensPerDay !== undefined && { tokens_per_day: tokensPerDay }),
  });
  if (wanted.success) return wanted.data;
  throw new CliError({ message: z.prettifyError(wanted.error), exitCode: exitCodes.usage });
}

function keyTable(keys: readonly ApiKey[], paint: Paint): string {
  const heads = ['id', 'name', 'ends in', 'scopes', 'limits', 'made', ''].map((head) => paint.dim(head));
  return columns([
    heads,
    ...keys.map((key) => [
      key.id,
      key.name,
      `…${key.secret_end}`,
      key.scopes.join(', '),
      limitsText(key),
      ago(key.created_at, Date.now()),
      key.revoked_at === null ? '' : paint.red('revoked'),
    ]),
  ]);
}

function limitsText({ requests_per_minute: rpm, concurrent_responses: at, tokens_per_day: day }: ApiKey): string {
  const limits = [
    rpm !== null && `${wholeNumber(rpm)}/min`,
    at !== null && `${wholeNumber(at)} at a time`,
    day !== null && `${wholeNumber(day)} tokens/day`,
  ].filter(Boolean);
  return limits.length === 0 ? 'none' : limits.join(', ');
}

function scopes(text: string): ScopeName[] {
  return text.split(',').map((name) => {
    const scope = ScopeName.safeParse(name.trim());
    if (scope.success) return scope.data;
    throw new InvalidArgumentError(`There is no scope "${name.trim()}"; there are ${ScopeName.options.join(', ')}.`);
  });
}

function unknownKey(id: string): CliError {
  return new CliError({
    message: `There is no key ${id}.`,
    advice: 'thinkfirst keys list shows all keys.',
  });
}
