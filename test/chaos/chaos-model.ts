import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { LanguageModel } from '../../src/models/language-model.ts';
import { createScriptedModel } from '../../src/models/scripted.ts';

/** Words of each thought and each answer. */
export const thoughtWords = 8;
export const answerWords = 30;

/** One line of the file in which models write down what was asked of them, before they do it. */
export type ModelCall = {
  /** The request's own name, of its input. */
  job: string;
  /** Unique to the call: the first part of each of its words. */
  call: string;
  rows: number;
  thinks: boolean;
  /** Characters of the answer that it was given to go on from. */
  prefix: number;
  inference: number;
  worker: number;
};

/** A request whose input has this word kills the worker that runs it. */
export const poison = 'POISON';

/**
 * A model whose every call says something else, so that a doubled attempt shows: word `i` of row `r` of call `c` is
 * `c.r.i`, of fixed length, so a text that goes on from another call's text still counts up by one.
 */
export function createChaosModel(options: { id: string; ledger: string; paceMs: number }): LanguageModel {
  let current = '';
  const scripted = createScriptedModel({
    id: options.id,
    contextLength: 8192,
    script: ({ sample }) => ({
      thought: words(`t${current}`, sample, thoughtWords),
      answer: words(current, sample, answerWords),
    }),
  });
  return {
    ...scripted,
    async *generate(request, control) {
      const text = request.prompt.messages.findLast(({ role }) => role === 'user')?.content ?? '';
      const call = randomBytes(4).toString('hex');
      const entry: ModelCall = {
        job: /job-\d+/.exec(text)?.[0] ?? '',
        call,
        rows: request.samples,
        thinks: request.thinking !== undefined,
        prefix: (request.answer.prefix ?? []).reduce((sum, segment) => sum + segment.text.length, 0),
        inference: process.pid,
        worker: process.ppid,
      };
      appendFileSync(options.ledger, `${JSON.stringify(entry)}\n`);
      if (text.includes(poison)) process.kill(process.ppid, 'SIGKILL');
      // The script reads it when the rows are made, at the first step.
      current = call;
      for await (const event of scripted.generate(request, control)) {
        yield event;
        if ('sample' in event && event.sample === 0) await setTimeout(options.paceMs);
      }
    },
  };
}

function words(call: string, row: number, count: number): string {
  return Array.from({ length: count }, (_, index) => `${call}.${row}.${String(index).padStart(3, '0')}`).join(' ');
}
