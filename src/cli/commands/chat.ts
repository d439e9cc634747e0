import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { z } from 'zod';
import { Conversation } from '../../contracts/responses/conversation.ts';
import type { CreateResponse } from '../../contracts/responses/create-response.ts';
import { Effort, splitModelSuffix } from '../../contracts/responses/reasoning.ts';
import { Trace } from '../../contracts/service/listings.ts';
import { CliError, type ExitCode, exitCodes } from '../cli-error.ts';
import { openService } from '../embedded-service.ts';
import type { ServiceOptions } from '../find-service.ts';
import { listenForInterrupts, onInterrupt } from '../interrupts.ts';
import { serviceOptions } from '../options.ts';
import { showQuestion } from '../question-view.ts';
import { counted } from '../render/figures.ts';
import { createStepWriter } from '../render/step-text.ts';
import { runQuestion } from '../run-question.ts';
import { conversationIdOf, type ServiceClient } from '../service-client.ts';
import { shownText, type Terminal } from '../terminal.ts';
import { createRequest, exitCodeOf, noteApprovals, type ThinkingOptions, thinkingOptions } from './ask.ts';

type ChatOptions = ServiceOptions & ThinkingOptions & { trace?: true; continue?: string | true };

/** What a chat remembers between its lines. */
type Chat = {
  options: ThinkingOptions & { trace: boolean };
  /** Made with the first question. */
  conversation: string | undefined;
  /** The last answered response: the next question goes on from it. */
  previous: string | undefined;
  /** Ids of the calls that the last answer asked to be approved. */
  asked: readonly string[];
  over: boolean;
  /** Of the first line that came to nothing. */
  code: ExitCode;
};

const help = `/effort [LEVEL]  how much to think: ${Effort.options.join(', ')}; without LEVEL: shows it
/model [ID]      use another model; without ID: the service's default
/trace           show how the last answer was found
/trace on|off    show it with each answer
/good, /bad      rate the last answer (stored for tuning, see docs/tuning.md)
/approve, /deny  make the call that the last answer asked for, or not
/new             start a new conversation
/exit            end the chat, like Ctrl-D; Ctrl-C ends the thinking and answers, twice cancels`;

/** `thinkfirst chat` */
export function addChat(program: Command, terminal: Terminal): void {
  const command = program
    .command('chat')
    .summary('hold a conversation')
    .description(
      'A conversation: each question continues from the previous answers. /help lists the commands. ' +
        'It is stored: `thinkfirst conversations` lists them, and the console shows them.',
    );
  thinkingOptions(command)
    .option('-c, --continue [id]', 'continue a conversation (default: the one used last)')
    .option('--trace', 'show how each answer was found');
  serviceOptions(command)
    .addHelpText('after', `\nIn the chat:\n${help.replaceAll(/^/gm, '  ')}`)
    .action(async (options: ChatOptions) => {
      listenForInterrupts();
      const { client, close } = await openService(options, terminal, { quiet: false });
      const { url: _, key: __, continue: given, trace = false, ...thinking } = options;
      const chat: Chat = {
        options: { ...thinking, trace },
        conversation: undefined,
        previous: undefined,
        asked: [],
        over: false,
        code: exitCodes.ok,
      };
      try {
        if (given !== undefined) await goOn(given === true ? 'last' : given, client, chat, terminal);
        await talk(client, chat, terminal);
        // Who talks has read what went wrong; a script has only this to know it by.
        if (terminal.input.isTTY !== true) process.exitCode = chat.code;
      } finally {
        await close();
      }
    });
}

/** Takes up a conversation where it was left. @throws CliError where there is none */
async function goOn(given: string, client: ServiceClient, chat: Chat, terminal: Terminal): Promise<void> {
  const id = await conversationIdOf(given, client);
  const { title, turns, last_response_id: last } = await client.call(Conversation, `/v1/conversations/${id}`);
  chat.conversation = id;
  chat.previous = last ?? undefined;
  const name = title === null ? id : `“${shownText(title)}”`;
  terminal.note(terminal.notePaint.dim(`Continuing ${name}, ${counted(turns, 'answer')} so far.`));
}

async function talk(client: ServiceClient, chat: Chat, terminal: Terminal): Promise<void> {
  if (terminal.noteLive)
    terminal.note(terminal.notePaint.dim('Type a question; /help lists the commands, /exit ends the chat.'));
  for await (const line of readLines(terminal)) {
    try {
      if (line.startsWith('/')) await obey(line, client, chat, terminal);
      else if (line !== '') await answer(line, client, chat, terminal);
    } catch (error) {
      // A question that failed is not the end of the talk.
      if (!(error instanceof CliError)) throw error;
      chat.code ||= error.exitCode;
      terminal.note(terminal.notePaint.red(error.message));
      if (error.advice !== undefined) terminal.note(`  ${error.advice}`);
    }
    if (chat.over) return;
  }
}

async function answer(
  question: CreateResponse['input'],
  client: ServiceClient,
  chat: Chat,
  terminal: Terminal,
): Promise<void> {
  const shown = showQuestion(terminal, {
    trace: chat.options.trace,
    quiet: false,
    delta: terminal.outputLive ? (piece) => terminal.write(shownText(piece)) : terminal.write,
    now: () => performance.now(),
  });
  try {
    chat.conversation ??= (await client.call(Conversation, '/v1/conversations', { body: {} })).id;
    // From the last answer: a question that failed is not part of the talk.
    const conversation = { id: chat.conversation, after: chat.previous ?? null };
    const request = { ...createRequest(question, chat.options), conversation };
    const response = await runQuestion(client, request, { view: shown.view, onInterrupt });
    if (response.output_text !== '') terminal.write('\n');
    shown.end(response);
    noteApprovals(response, terminal, '  /approve makes the call, /deny does not.');
    chat.asked = response.output.flatMap((item) => (item.type === 'mcp_approval_request' ? [item.id] : []));
    chat.code ||= exitCodeOf(response);
    if (response.status === 'completed' || response.status === 'incomplete') chat.previous = response.id;
    if (response.status === 'failed') terminal.note(terminal.notePaint.red(response.error?.message ?? 'It failed.'));
  } finally {
    shown.abandon();
  }
}

async function obey(line: string, client: ServiceClient, chat: Chat, terminal: Terminal): Promise<void> {
  const [word = '', given = ''] = line.slice(1).trim().split(/\s+/);
  switch (word) {
    case 'help':
      return terminal.note(help);
    case 'exit':
    case 'quit':
      chat.over = true;
      return;
    case 'approve':
    case 'deny': {
      if (chat.asked.length === 0) return terminal.note('The last answer asked for no call.');
      const approve = word === 'approve';
      const decided = chat.asked.map((id) => ({
        type: 'mcp_approval_response' as const,
        approval_request_id: id,
        approve,
      }));
      return answer(decided, client, chat, terminal);
    }
    case 'new':
      chat.asked = [];
      chat.previous = undefined;
      chat.conversation = undefined;
      return terminal.note('A new conversation.');
    case 'effort': {
      const effort = Effort.safeParse(given);
      if (effort.success) chat.options.effort = effort.data;
      else if (given !== '') terminal.note(`There is no effort "${given}". Available: ${Effort.options.join(', ')}.`);
      return terminal.note(`Effort: ${chat.options.effort ?? 'the service’s default'}.`);
    }
    case 'model':
      if (given === '') delete chat.options.model;
      else chat.options.model = await knownModel(given, client);
      return terminal.note(`Model: ${chat.options.model ?? 'the service’s default'}.`);
    case 'trace':
      if (given === 'on' || given === 'off') {
        chat.options.trace = given === 'on';
        return terminal.note(`Traces are ${given}.`);
      }
      return showTrace(client, lastOf(chat), terminal);
    case 'good':
    case 'bad': {
      const body = { rating: word === 'good' ? 'up' : 'down' };
      await client.call(z.unknown(), `/v1/responses/${lastOf(chat)}/feedback`, { body });
      return terminal.note('Noted, thank you.');
    }
    default:
      return terminal.note(`There is no command /${word}; /help lists the commands.`);
  }
}

/** `given`, where it is a model of the service, or one with a suffix (`:fast`, `:low`). @throws CliError */
async function knownModel(given: string, client: ServiceClient): Promise<string> {
  const { data } = await client.call(z.object({ data: z.array(z.object({ id: z.string() })) }), '/v1/models');
  const ids = data.map(({ id }) => id);
  if (ids.includes(given) || ids.includes(splitModelSuffix(given)?.id ?? '')) return given;
  throw new CliError({ message: `There is no model "${given}". Available: ${ids.join(', ')}.` });
}

function lastOf({ previous }: Chat): string {
  if (previous !== undefined) return previous;
  throw new CliError({ message: 'There is no answer yet.' });
}

async function showTrace(client: ServiceClient, id: string, terminal: Terminal): Promise<void> {
  const { steps } = await client.call(Trace, `/v1/responses/${id}/trace`);
  const stepText = createStepWriter(terminal.notePaint);
  for (const step of steps) terminal.note(stepText(step));
}

/** Lines of standard input, trimmed; on a terminal behind a prompt, with history, until Ctrl-D or Ctrl-C. */
async function* readLines(terminal: Terminal): AsyncGenerator<string, void, void> {
  if (terminal.input.isTTY !== true) {
    for await (const line of createInterface({ input: terminal.input })) yield line.trim();
    return;
  }
  let history: string[] = [];
  for (;;) {
    // One reader for each line: between them Ctrl-C belongs to the question that runs.
    const reader = createInterface({ input: terminal.input, output: process.stderr, terminal: true, history });
    const line = await new Promise<string | undefined>((resolve) => {
      reader.once('close', () => resolve(undefined));
      reader.question(terminal.notePaint.cyan('> '), resolve);
    });
    history = 'history' in reader && Array.isArray(reader.history) ? [...reader.history] : history;
    reader.close();
    if (line === undefined) {
      terminal.note('');
      return;
    }
    yield line.trim();
  }
}
