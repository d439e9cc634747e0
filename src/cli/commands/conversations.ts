import { readFile, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { type Command, Option } from 'commander';
import { z } from 'zod';
import {
  Conversation,
  ConversationList,
  type ConversationTurn,
  TurnList,
} from '../../contracts/responses/conversation.ts';
import { CliError, exitCodes, fileError } from '../cli-error.ts';
import { reachService, type ServiceOptions } from '../find-service.ts';
import { serviceOptions, wholeNumberFrom } from '../options.ts';
import { columns, filled } from '../render/columns.ts';
import { ago, clipped, counted } from '../render/figures.ts';
import { verdictLine } from '../render/verdict-line.ts';
import { conversationIdOf, type ServiceClient } from '../service-client.ts';
import { shownText, type Terminal } from '../terminal.ts';

type ListOptions = ServiceOptions & { search?: string; limit: number; json?: true };
type ExportOptions = ServiceOptions & { format: 'json' | 'markdown'; output?: string };

/** `thinkfirst conversations` */
export function addConversations(program: Command, terminal: Terminal): void {
  const conversations = program
    .command('conversations')
    .summary('chats: list, show, rename, export, import, delete')
    .description(
      'Conversations of this key, the last used first. `thinkfirst chat --continue` continues one. Options of the list: thinkfirst conversations list --help.',
    );
  addList(conversations, terminal);
  addShow(conversations, terminal);
  addRename(conversations, terminal);
  addExport(conversations, terminal);
  addImport(conversations, terminal);
  addDelete(conversations, terminal);
}

const which = 'a conversation; last is the one used last';

function addList(conversations: Command, terminal: Terminal): void {
  serviceOptions(
    conversations
      .command('list', { isDefault: true })
      .description('list conversations (the same as `thinkfirst conversations`)')
      .option('-s, --search <words>', 'only conversations with all these words in title, questions or answers')
      .option('-n, --limit <n>', 'the most conversations to list', wholeNumberFrom(1), 20)
      .option('--json', 'as JSON from the service, one per line'),
  ).action(async (options: ListOptions) => {
    const client = await reachService(options, terminal);
    terminal.print(listText(await listed(client, options), options, terminal));
  });
}

function addShow(conversations: Command, terminal: Terminal): void {
  serviceOptions(
    conversations.command('show').description('print the last branch of a conversation, question by question'),
  )
    .argument('[id]', which, 'last')
    .action(async (given: string, options: ServiceOptions) => {
      const client = await reachService(options, terminal);
      const id = await conversationIdOf(given, client);
      terminal.print(await shownBranch(client, id, terminal));
    });
}

function addRename(conversations: Command, terminal: Terminal): void {
  serviceOptions(conversations.command('rename').description('change the title of a conversation'))
    .argument('<id>', which)
    .argument('<title...>', 'the new title')
    .action(async (given: string, words: string[], options: ServiceOptions) => {
      const client = await reachService(options, terminal);
      const id = await conversationIdOf(given, client);
      const { title } = await client.call(Conversation, `/v1/conversations/${id}`, {
        body: { title: words.join(' ') },
      });
      terminal.print(`${id}  ${shownText(title ?? '')}`);
    });
}

function addExport(conversations: Command, terminal: Terminal): void {
  const does = 'write a conversation to a file: JSON, which import reads, or Markdown';
  serviceOptions(conversations.command('export').description(does))
    .argument('[id]', which, 'last')
    .addOption(
      new Option('-f, --format <format>', 'json contains all branches').choices(['json', 'markdown']).default('json'),
    )
    .option('-o, --output <file>', 'the file to write (default: standard output)')
    .action(async (given: string, options: ExportOptions) => {
      const client = await reachService(options, terminal);
      const id = await conversationIdOf(given, client);
      const file = await client.text(`/v1/conversations/${id}/export?format=${options.format}`);
      if (options.output === undefined) terminal.print(file);
      else await written(options.output, file);
    });
}

function addImport(conversations: Command, terminal: Terminal): void {
  serviceOptions(conversations.command('import').description('create a conversation from an export'))
    .argument('<file>', 'an export as JSON; - reads it from standard input')
    .action(async (file: string, options: ServiceOptions) => {
      const body = parsed(file, file === '-' ? await text(terminal.input) : await readText(file));
      const client = await reachService(options, terminal);
      const { id, title, turns } = await client.call(Conversation, '/v1/conversations/import', { body });
      terminal.print(`${id}  ${shownText(title ?? '')} (${counted(turns, 'turn')})`);
    });
}

function addDelete(conversations: Command, terminal: Terminal): void {
  serviceOptions(conversations.command('delete').description('delete conversations with their responses and traces'))
    .argument('<id...>', which)
    .action(async (given: string[], options: ServiceOptions) => {
      const client = await reachService(options, terminal);
      for (const one of given) {
        const id = await conversationIdOf(one, client);
        await client.call(z.unknown(), `/v1/conversations/${id}`, { method: 'DELETE' });
        terminal.print(`${id}  deleted`);
      }
    });
}

/** Conversations in one request to the service. */
const pageSize = 100;

async function listed(client: ServiceClient, { search, limit }: ListOptions): Promise<Conversation[]> {
  const found: Conversation[] = [];
  for (let after = ''; found.length < limit; ) {
    const query = new URLSearchParams({ limit: String(Math.min(pageSize, limit - found.length)) });
    if (search !== undefined) query.set('q', search);
    if (after !== '') query.set('after', after);
    const { data, has_more, last_id } = await client.call(ConversationList, `/v1/conversations?${query}`);
    found.push(...data);
    if (!has_more || last_id === null) break;
    after = last_id;
  }
  return found;
}

/** Below this width each conversation has two lines. */
const leastColumns = 100;

function listText(found: readonly Conversation[], { search, json }: ListOptions, terminal: Terminal): string {
  const { paint, outputLive } = terminal;
  if (json === true) return found.map((one) => JSON.stringify(one)).join('\n');
  const none =
    search === undefined ? 'No conversations yet. Start one: thinkfirst chat' : 'No conversation contains these words.';
  if (found.length === 0) return paint.dim(none);
  const width = outputLive ? terminal.columns() - 1 : leastColumns;
  const cells = found.map(({ id, title, turns, updated_at }) => ({
    id,
    facts: [counted(turns, 'turn'), ago(updated_at, Date.now())],
    title: title ?? 'no question yet',
  }));
  if (width < leastColumns) {
    const lines = cells.flatMap(({ id, facts, title }) => [
      clipped(title, width),
      ...filled([id, ...facts], { between: ' · ', width: width - 2 }).map((line) => `  ${paint.dim(line)}`),
    ]);
    return lines.join('\n');
  }
  const heads = ['id', 'turns', 'when', 'title'].map((head) => paint.dim(head));
  return columns([heads, ...cells.map(({ id, facts, title }) => [id, ...facts, clipped(title, 60)])], { right: [1] });
}

async function shownBranch(client: ServiceClient, id: string, { paint }: Terminal): Promise<string> {
  const { title, last_response_id: last } = await client.call(Conversation, `/v1/conversations/${id}`);
  const turns = new Map<string, ConversationTurn>();
  for (let after = ''; ; ) {
    const page = await client.call(TurnList, `/v1/conversations/${id}/turns?limit=1000${after && `&after=${after}`}`);
    for (const turn of page.data) turns.set(turn.id, turn);
    if (!page.has_more || page.last_id === null) break;
    after = page.last_id;
  }
  const branch: ConversationTurn[] = [];
  for (let turn = turns.get(last ?? ''); turn !== undefined; turn = turns.get(turn.parent ?? '')) branch.push(turn);
  const others = turns.size - branch.length;
  const rest = others === 0 ? [] : [paint.dim(`${counted(others, 'turn')} in other branches: export has all of them.`)];
  const texts = branch.reverse().map(({ question, answer, status, effort, verdict }) => {
    const told = answer === '' ? paint.dim(`(${status.replace('_', ' ')})`) : shownText(answer);
    const trust = verdict === undefined ? '' : `${verdictLine(verdict, paint)}\n`;
    return `${paint.cyan('>')} ${shownText(question)} ${paint.dim(`(${effort})`)}\n${told}\n${trust}`;
  });
  return [`${paint.bold(shownText(title ?? id))}\n`, ...texts, ...rest].join('\n').trimEnd();
}

async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw fileError(file, 'read', cause);
  });
}

async function written(file: string, content: string): Promise<void> {
  await writeFile(file, content).catch((cause: unknown) => {
    throw fileError(file, 'written', cause);
  });
}

function parsed(file: string, content: string): unknown {
  try {
    return JSON.parse(content);
  } catch (cause) {
    throw new CliError({
      message: `${file} is not the JSON of an export.`,
      advice: 'thinkfirst conversations export ID -o FILE writes one.',
      exitCode: exitCodes.usage,
      cause,
    });
  }
}
