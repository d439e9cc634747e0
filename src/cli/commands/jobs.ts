import { setTimeout as delay } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { JobStatus } from '../../contracts/responses/job.ts';
import { ListedResponse } from '../../contracts/service/listings.ts';
import { reachService, type ServiceOptions } from '../find-service.ts';
import { serviceOptions } from '../options.ts';
import { columns, filled } from '../render/columns.ts';
import { ago, clipped, duration, wholeNumber } from '../render/figures.ts';
import { shortVerdict } from '../render/verdict-line.ts';
import { Answered } from '../run-question.ts';
import { responseIdOf, type ServiceClient } from '../service-client.ts';
import type { Paint, Terminal } from '../terminal.ts';

type ListOptions = ServiceOptions & { status?: JobStatus; limit: number; watch?: true; json?: true };

const Listed = z.object({
  data: z.array(
    Answered.extend({ created_at: ListedResponse.shape.created_at, input_preview: ListedResponse.shape.input_preview }),
  ),
});
type Row = z.infer<typeof Listed>['data'][number];

/** ms */
const watchEvery = 1_000;

/** `thinkfirst jobs` */
export function addJobs(program: Command, terminal: Terminal): void {
  const jobs = program
    .command('jobs')
    .summary('responses: list, cancel, answer now, delete')
    .description(
      'The responses of this key, newest first; each is a job in the queue. Options of the list: thinkfirst jobs list --help.',
    );
  const list = jobs
    .command('list', { isDefault: true })
    .description('list responses (the same as `thinkfirst jobs`)')
    .addOption(new Option('--status <status>', 'only jobs with this status').choices(JobStatus.options))
    .option('-n, --limit <n>', 'the most jobs to list', upTo100, 20)
    .option('-w, --watch', 'keep updating until Ctrl-C')
    .option('--json', 'as JSON from the service, one per line');
  serviceOptions(list).action(async (options: ListOptions) => {
    const client = await reachService(options, terminal);
    if (options.watch === true) await watch(client, options, terminal);
    else terminal.print(await shown(client, options, terminal));
  });
  action('cancel', 'cancel responses; a running one stops at the next token', async (client, id) => {
    const { status } = await client.call(Answered, `/v1/responses/${id}/cancel`, { method: 'POST' });
    return status === 'cancelled' ? 'cancelled' : `not cancelled; its status is ${status}`;
  });
  action('answer-now', 'end the thinking and answer with the best result so far', async (client, id) => {
    const { status } = await client.call(Answered, `/v1/responses/${id}/answer_now`, { method: 'POST' });
    return status === 'in_progress' || status === 'queued' ? 'answering now' : `nothing to do; its status is ${status}`;
  });
  action('delete', 'delete responses with their events and traces', async (client, id) => {
    await client.call(z.unknown(), `/v1/responses/${id}`, { method: 'DELETE' });
    return 'deleted';
  });

  function action(name: string, does: string, act: (client: ServiceClient, id: string) => Promise<string>): void {
    const command = jobs.command(name).description(does).argument('<id...>', 'responses; last is the newest');
    serviceOptions(command).action(async (given: string[], options: ServiceOptions) => {
      const client = await reachService(options, terminal);
      for (const one of given) {
        const id = await responseIdOf(one, client);
        terminal.print(`${id}  ${await act(client, id)}`);
      }
    });
  }
}

const noResponse = 'No responses yet. Ask something: thinkfirst ask "…"';

async function shown(client: ServiceClient, { status, limit, json }: ListOptions, terminal: Terminal): Promise<string> {
  const path = `/v1/responses?limit=${limit}${status === undefined ? '' : `&status=${status}`}`;
  if (json === true) {
    const { data } = await client.call(z.object({ data: z.array(z.looseObject({})) }), path);
    return data.map((row) => JSON.stringify(row)).join('\n');
  }
  const { data } = await client.call(Listed, path);
  if (data.length === 0) return terminal.paint.dim(status === undefined ? noResponse : `No response is ${status}.`);
  const { paint } = terminal;
  if (terminal.outputLive && terminal.columns() < otherCells + leastText) {
    return data.map((row) => narrow(cells(row, terminal), terminal)).join('\n');
  }
  const heads = ['id', 'status', 'effort', 'tokens', 'verdict', 'when', 'question and answer'].map((head) =>
    paint.dim(head),
  );
  return columns([heads, ...data.map((row) => cells(row, terminal))], { right: [3] });
}

/** Columns that the other cells take. */
const otherCells = 93;
const textWidth = 90;
/** With less room for the question than this, each job has lines of its own in place of a row. */
const leastText = 20;

/** One job in a few lines, for a narrow terminal. */
function narrow(
  [id = '', status = '', effort = '', tokens = '', verdict = '', when = '', text = '']: string[],
  { columns: width, paint }: Terminal,
): string {
  const room = width() - 3;
  const facts = [status, effort, `${tokens} tokens`, verdict].filter((fact) => fact !== '');
  const lines = [...filled(facts, { between: ' · ', width: room }), clipped(text, room)];
  return [
    ...filled([id, paint.dim(when)], { between: '  ', width: width() - 1 }),
    ...lines.map((line) => `  ${line}`),
  ].join('\n');
}

function cells(row: Row, terminal: Terminal): string[] {
  const { paint } = terminal;
  const tokens = row.usage?.output_tokens ?? row.progress?.thinking_tokens ?? 0;
  const answer = row.output_text === '' ? '' : ` → ${row.output_text}`;
  const room = terminal.columns() - otherCells;
  const width = terminal.outputLive && room >= leastText ? room : textWidth;
  return [
    row.id,
    statusPaint(row.status, paint)(row.progress ? `${row.status} (${progressText(row.progress)})` : row.status),
    row.reasoning.effective.effort,
    wholeNumber(tokens),
    row.verdict === null ? '' : shortVerdict(row.verdict, paint),
    ago(row.created_at, Date.now()),
    clipped(`${row.input_preview}${answer}`, width),
  ];
}

/** `think, about 12.3 s left` */
function progressText({ phase, eta_ms: eta }: NonNullable<Row['progress']>): string {
  return eta === null ? phase : `${phase}, about ${duration(eta)} left`;
}

function statusPaint(status: JobStatus, paint: Paint): (text: string) => string {
  switch (status) {
    case 'completed':
      return paint.green;
    case 'failed':
      return paint.red;
    case 'incomplete':
    case 'cancelled':
      return paint.yellow;
    case 'queued':
    case 'in_progress':
      return paint.cyan;
    default:
      return status satisfies never;
  }
}

/** On a terminal the table redraws in place; piped, it is printed again whenever it has changed. */
async function watch(client: ServiceClient, options: ListOptions, terminal: Terminal): Promise<never> {
  let before = '';
  for (;;) {
    const now = await shown(client, options, terminal);
    if (now !== before) {
      if (terminal.outputLive) terminal.write('\u001b[H\u001b[2J');
      terminal.print(now);
      before = now;
    }
    await delay(watchEvery);
  }
}

function upTo100(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > 100) throw new InvalidArgumentError('Expected 1 to 100.');
  return number;
}
