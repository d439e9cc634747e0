import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { Prompt } from '../../src/contracts/responses/prompt.ts';
import type { LanguageModel } from '../../src/core/language-model.ts';
import { createScriptedModel, type ScriptedSample } from '../support/scripted-language-model.ts';

/** Words of each thought and each answer. */
const thoughtWords = 8;
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
  /** Epoch ms. */
  at: number;
};

/** A tool with effects (`run-tool-kills.ts`): a model that is offered it calls it twice. */
export const orderTool = { label: 'shop', name: 'shop__order' } as const;

/** A request whose input has this word kills the worker that runs it. */
export const poison = 'POISON';

/**
 * A model whose every call says something else, so that a doubled attempt shows: word `i` of row `r` of call `c` is
 * `c-r-i`, of fixed length, so a text that goes on from another call's text still counts up by one. All in letters: a
 * number would be taken for the answer's value.
 */
export function createChaosModel(options: { id: string; ledger: string; paceMs: number }): LanguageModel {
  let current = '';
  const scripted = createScriptedModel({
    id: options.id,
    contextLength: 8192,
    script: ({ sample, request }) =>
      orders(request.prompt) ?? {
        // A thought that is given is whole: an earlier attempt has ended it.
        thought: request.thinking?.prefix?.length ? '' : words(current, sample, thoughtWords),
        answer: words(current, sample, answerWords),
      },
  });
  return {
    ...scripted,
    async *generate(request, control) {
      const text = request.prompt.messages.findLast(({ role }) => role === 'user')?.content ?? '';
      const call = letters(randomBytes(4).readUInt32BE(0), 7);
      const entry: ModelCall = {
        job: /job-\d+/.exec(text)?.[0] ?? '',
        call,
        rows: request.samples,
        thinks: request.thinking !== undefined,
        prefix: (request.answer.prefix ?? []).reduce((sum, segment) => sum + segment.text.length, 0),
        inference: process.pid,
        worker: process.ppid,
        at: Date.now(),
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

function orders({ messages, tools }: Prompt): ScriptedSample | undefined {
  if (!tools?.some(({ name }) => name === orderTool.name)) return undefined;
  const results = messages.filter(({ role }) => role === 'tool').length;
  if (results >= 2) return { thought: 'Done.', answer: 'It is ordered.' };
  const job = /job-\d+/.exec(messages.find(({ role }) => role === 'user')?.content ?? '')?.[0];
  const order = JSON.stringify({ order: `${job}-${results}` });
  return { thought: 'I order.', answer: '', toolCalls: [{ name: orderTool.name, arguments: order }] };
}

/** The call, the row and the place of each word. */
export function readWords(text: string): { call: string; row: string; index: number }[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const [, call = '', row = '', place = ''] = /^([a-z]{7})-([a-z])-([a-z]{3})$/.exec(word) ?? [];
      return { call, row, index: place === '' ? -1 : numberOf(place) };
    });
}

function words(call: string, row: number, count: number): string {
  return Array.from({ length: count }, (_, index) => `${call}-${letters(row, 1)}-${letters(index, 3)}`).join(' ');
}

function letters(value: number, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest = Math.floor(rest / 26)) {
    text = String.fromCharCode(97 + (rest % 26)) + text;
  }
  return text;
}

function numberOf(text: string): number {
  return [...text].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 97, 0);
}
