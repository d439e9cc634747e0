import type { Command } from 'commander';
import { z } from 'zod';
import { TraceEvent } from '../../contracts/responses/trace.ts';
import { thinkingTokens } from '../../contracts/responses/usage.ts';
import { Trace } from '../../contracts/service/listings.ts';
import { reachService, type ServiceOptions } from '../find-service.ts';
import { serviceOptions } from '../options.ts';
import { counted, wholeNumber } from '../render/figures.ts';
import { createStepWriter } from '../render/step-text.ts';
import { verdictLine } from '../render/verdict-line.ts';
import { Answered } from '../run-question.ts';
import { responseIdOf } from '../service-client.ts';
import { shownText, type Terminal } from '../terminal.ts';

type TraceOptions = ServiceOptions & { json?: true; follow?: true };

/** `thinkfirst trace` */
export function addTrace(program: Command, terminal: Terminal): void {
  const command = program
    .command('trace')
    .summary('show how an answer was found')
    .description(
      'Shows how an answer was found: each step with its thought, wrong lines struck out with their replacement, ' +
        'computed values underlined, the verdicts, the vote and the reason for the step. How much is shown ' +
        'depends on the key: trace:summary hides the thoughts.',
    )
    .argument('[id]', 'a response; last is the newest', 'last')
    .option('-f, --follow', 'show new steps until the response ends')
    .option('--json', 'as JSON from the service');
  serviceOptions(command).action(async (given: string, options: TraceOptions) => {
    const client = await reachService(options, terminal);
    const id = await responseIdOf(given, client);
    const path = `/v1/responses/${id}/trace`;
    if (options.json === true) {
      terminal.print(JSON.stringify(await client.call(z.looseObject({}), path), undefined, 2));
      return;
    }
    const { paint } = terminal;
    const stepText = createStepWriter(paint);
    const response = await client.call(Answered, `/v1/responses/${id}`);
    terminal.print(heading(response, terminal));
    if (options.follow === true) {
      for await (const event of client.events(TraceEvent, `${path}?stream=true`)) {
        if (event.type === 'trace_step.done') terminal.print(stepText(event.step));
      }
    } else {
      const { steps } = await client.call(Trace, path);
      for (const step of steps) terminal.print(stepText(step));
      if (steps.length === 0) terminal.print(paint.dim('No step is done yet.'));
    }
    const ended = options.follow === true ? await client.call(Answered, `/v1/responses/${id}`) : response;
    if (ended.verdict !== null) terminal.print(`\n${verdictLine(ended.verdict, paint)}`);
    if (ended.output_text !== '') terminal.print(`\n${paint.bold(shownText(ended.output_text))}`);
  });
}

/** What was asked of it and what it spent. */
function heading(response: Answered, { paint }: Terminal): string {
  const { id, model, status, usage, reasoning, thinking_stop: stop } = response;
  const { effort, requested, strategy, budget_tokens: budget } = reasoning.effective;
  const spent = usage === null ? (response.progress?.thinking_tokens ?? 0) : thinkingTokens(usage.phases);
  const thought =
    budget === 0
      ? counted(usage?.output_tokens ?? 0, 'token')
      : `${wholeNumber(spent)} of ${wholeNumber(budget)} tokens`;
  const facts = [
    model,
    `effort ${requested === undefined ? effort : `${requested}: ${effort}`}`,
    strategy,
    thought,
    stop !== null && `stopped: ${stop}`,
  ].filter(Boolean);
  return `${paint.bold(id)} ${paint.cyan(status)}\n${paint.dim(facts.join(' · '))}\n`;
}
