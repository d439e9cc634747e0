import { text } from 'node:stream/consumers';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import type { CreateResponse } from '../../contracts/responses/create-response.ts';
import { Effort } from '../../contracts/responses/reasoning.ts';
import type { ToolParam } from '../../contracts/responses/tool-param.ts';
import type { TraceStep } from '../../contracts/responses/trace.ts';
import { Trace } from '../../contracts/service/listings.ts';
import { questionWithFiles } from '../attachments.ts';
import { CliError, type ExitCode, exitCodes } from '../cli-error.ts';
import { openService } from '../embedded-service.ts';
import type { ServiceOptions } from '../find-service.ts';
import { listenForInterrupts, onInterrupt } from '../interrupts.ts';
import { serviceOptions, wholeNumberFrom } from '../options.ts';
import { showQuestion } from '../question-view.ts';
import { type Answered, runQuestion } from '../run-question.ts';
import type { ServiceClient } from '../service-client.ts';
import { shownText, type Terminal } from '../terminal.ts';

/** How much to think and how, as `ask` and `chat` take it. */
export type ThinkingOptions = {
  effort?: Effort;
  model?: string;
  strategy?: string;
  budget?: number;
  deadline?: number;
  samples?: number;
  seed?: number;
  maxTokens?: number;
  system?: string;
  tool?: string[];
};
type AskOptions = ServiceOptions &
  ThinkingOptions & { file?: string[]; fast?: true; json?: true; trace?: true; stream?: true; quiet?: true };

/** `thinkfirst ask` */
export function addAsk(program: Command, terminal: Terminal): void {
  const command = program
    .command('ask')
    .summary('ask one question')
    .description(
      'Asks one question and prints the answer to standard output; everything else goes to standard error. ' +
        'Uses a running service; if there is none, starts one for this question. ' +
        'Ctrl-C ends the thinking and answers with the best result so far; Ctrl-C again cancels.',
    )
    .argument('<question...>', 'the question; - reads it from standard input');
  thinkingOptions(command)
    .addOption(new Option('--fast', 'answer without thinking; the same as --effort none').conflicts('effort'))
    .option(
      '-f, --file <path>',
      'a text file to ask about, or an image or PDF file for a model that reads them; may be given again',
      (path: string, before: string[] = []) => [...before, path],
    )
    .option('--stream', 'print the answer while it is written, when it is final')
    .option('--trace', 'show each step with its thought, its checks and the vote')
    .option(
      '--json',
      'print the whole response as JSON; with --stream its events, one per line; with --trace its steps too',
    )
    .option('-q, --quiet', 'print only the answer');
  serviceOptions(command)
    .addHelpText('after', examples)
    .action(async (words: string[], options: AskOptions) => {
      await ask(await questionOf(words, terminal), options, terminal);
    });
}

const examples = `
Examples:
  thinkfirst ask "Calculate 77 times 63." --effort high
  thinkfirst ask --fast "What is 47 + 385?"
  thinkfirst ask --effort high --trace "What is 758 * 6?" 2> trace.txt
  echo "What is 12 x 12?" | thinkfirst ask -
  thinkfirst ask "What does this say?" --file notes.txt
  thinkfirst ask "What is the 90th Fibonacci number?" --tool python
  thinkfirst ask --json "What is 9 * 9?" | jq .usage

Exit codes: 0 answered, 1 failed, 2 wrong usage, 3 no service, 4 not allowed, 5 the answer was cut short, 130 cancelled.`;

export function thinkingOptions(command: Command): Command {
  return command
    .addOption(new Option('-e, --effort <level>', 'how much to think').choices(Effort.options))
    .option('-m, --model <id>', 'a model from `thinkfirst models` (default: the first)')
    .option('-s, --strategy <name>', 'deliberate, budget-forcing, self-consistency, …')
    .option(
      '-b, --budget <tokens>',
      'the most thinking tokens; 0: none, -1: as many as the context allows',
      wholeNumberFrom(-1),
    )
    .option('--deadline <seconds>', 'answer by then, with the best result so far', seconds)
    .option('--samples <n>', 'the most chains of thought', wholeNumberFrom(1))
    .option('--seed <n>', 'repeats a run: fixed seed, without cache or batching (slower)', wholeNumberFrom(0))
    .option('--max-tokens <n>', 'the most tokens of thoughts and answer together', wholeNumberFrom(1))
    .option('--system <text>', 'instructions before the question')
    .option(
      '-t, --tool <name>',
      'a tool that the model may call: python, or the label of an MCP server in thinkfirst.config.json; may be given again',
      (name: string, before: string[] = []) => [...before, name],
    );
}

async function ask(question: string, options: AskOptions, terminal: Terminal): Promise<void> {
  const input = await questionWithFiles(question, options.file ?? []);
  listenForInterrupts();
  const quiet = options.quiet === true;
  const { client, close } = await openService(options, terminal, { quiet });
  // A pipe gets the answer as it is.
  const seen = terminal.outputLive ? shownText : (piece: string) => piece;
  const lines = options.json === true && options.stream === true;
  const streamed = options.stream === true && !lines;
  const shown = showQuestion(terminal, {
    trace: options.trace === true && !(options.json === true),
    quiet,
    delta: streamed ? (piece) => terminal.write(seen(piece)) : undefined,
    event: lines ? (event) => terminal.print(JSON.stringify(event)) : undefined,
    now: () => performance.now(),
  });
  try {
    const effort = options.fast === true ? 'none' : options.effort;
    const request = createRequest(input, { ...options, ...(effort === undefined ? {} : { effort }) });
    const response = await runQuestion(client, request, { view: shown.view, onInterrupt });
    if (streamed) terminal.write('\n');
    shown.end(response);
    if (!quiet) noteApprovals(response, terminal, '  Approve calls in `thinkfirst chat`, or in the console.');
    if (options.json === true && !lines) {
      const whole = await client.call(z.looseObject({}), `/v1/responses/${response.id}`);
      const traced = options.trace === true ? await traceOf(client, response.id, terminal) : {};
      terminal.print(JSON.stringify({ ...whole, ...traced }, undefined, 2));
    } else if (!streamed && !lines && response.output_text !== '') {
      terminal.print(seen(response.output_text));
    }
    process.exitCode = exitCodeOf(response);
    complain(response, options);
  } finally {
    shown.abandon();
    await close();
  }
}

/** The steps, for a key that may see them; the answer is printed all the same. */
async function traceOf(client: ServiceClient, id: string, terminal: Terminal): Promise<{ trace?: TraceStep[] }> {
  try {
    return { trace: (await client.call(Trace, `/v1/responses/${id}/trace`)).steps };
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode !== exitCodes.forbidden) throw error;
    terminal.note(terminal.notePaint.yellow(`No trace: ${error.message}`));
    return {};
  }
}

/** The request's body. Fields that were not given are left to the service. */
export function createRequest(question: CreateResponse['input'], options: ThinkingOptions): CreateResponse {
  const reasoning = {
    ...(options.effort !== undefined && { effort: options.effort }),
    ...(options.strategy !== undefined && { strategy: options.strategy }),
    ...(options.budget !== undefined && { budget_tokens: options.budget }),
    ...(options.deadline !== undefined && { deadline_ms: Math.round(options.deadline * 1_000) }),
    ...(options.samples !== undefined && { samples: options.samples }),
  };
  return {
    input: question,
    ...(Object.keys(reasoning).length > 0 && { reasoning }),
    ...(options.model !== undefined && { model: options.model }),
    ...(options.system !== undefined && { instructions: options.system }),
    // A seed alone repeats the draws; what is cached and who else runs would still sway what they are drawn from.
    ...(options.seed !== undefined && { seed: options.seed, deterministic: true }),
    ...(options.maxTokens !== undefined && { max_output_tokens: options.maxTokens }),
    ...(options.tool !== undefined && {
      tools: options.tool.map(toolNamed),
      include: ['code_interpreter_call.outputs'],
    }),
  };
}

function toolNamed(name: string): ToolParam {
  return name === 'python'
    ? { type: 'code_interpreter', container: { type: 'auto' } }
    : { type: 'mcp', server_label: name };
}

/** The calls that a response asks to be approved; nothing where it asks for none. */
export function noteApprovals({ output }: Answered, terminal: Terminal, how: string): void {
  const { notePaint: paint } = terminal;
  const requests = output.filter((item) => item.type === 'mcp_approval_request');
  for (const { server_label, name, arguments: args } of requests) {
    terminal.note(`${paint.yellow('approve?')} ${server_label}: ${name} ${paint.cyan(shownText(args))}`);
  }
  if (requests.length > 0) terminal.note(how);
}

async function questionOf(words: readonly string[], terminal: Terminal): Promise<string> {
  const piped = words.includes('-') ? (await text(terminal.input)).trim() : '';
  const question = words
    .map((word) => (word === '-' ? piped : word))
    .join(' ')
    .trim();
  if (question !== '') return question;
  throw new CliError({
    message: 'There is no question.',
    advice: 'Write it in quotes: thinkfirst ask "What is 47 + 385?"; or pipe it: … | thinkfirst ask -',
    exitCode: exitCodes.usage,
  });
}

export function exitCodeOf({ status }: Answered): ExitCode {
  switch (status) {
    case 'completed':
      return exitCodes.ok;
    case 'incomplete':
      return exitCodes.incomplete;
    case 'cancelled':
      return exitCodes.interrupted;
    case 'failed':
    case 'queued':
    case 'in_progress':
      return exitCodes.failed;
    default:
      return status satisfies never;
  }
}

/** @throws CliError for a response that failed or was cut short, with what the service says of it */
export function complain(response: Answered, { maxTokens }: Pick<ThinkingOptions, 'maxTokens'>): void {
  const { status, error, incomplete_details: cut, reasoning } = response;
  if (status === 'failed') throw new CliError({ message: error?.message ?? 'The response failed.' });
  if (status !== 'incomplete') return;
  const message = `The answer was cut short (${cut?.reason ?? 'no reason given'}).`;
  throw new CliError({ message, advice: advice(), exitCode: exitCodes.incomplete });

  function advice(): string {
    if (cut?.reason === 'deadline') return 'Allow more time with --deadline.';
    if (cut?.reason === 'loop') return 'It repeated itself. Rephrase the question, or ask with thinking.';
    const { strategy, answer_reserve_tokens: reserve } = reasoning.effective;
    // A larger `max_output_tokens` is thought away first; the reserve is what is kept for the answer.
    if (strategy !== 'direct' && (maxTokens === undefined || maxTokens > reserve)) {
      return 'reasoning.answer_reserve_tokens of a request, or --fast with --max-tokens, gives it more room.';
    }
    return maxTokens === undefined
      ? 'Give it more room with --max-tokens, if the context of the model has any.'
      : 'Give it more room with --max-tokens, or leave that out.';
  }
}

function seconds(text: string): number {
  const number = Number(text.replace(/s$/, ''));
  if (!(number > 0)) throw new InvalidArgumentError('Expected seconds, like 10 or 2.5.');
  return number;
}
