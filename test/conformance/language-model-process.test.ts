import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { LanguageModel } from '../../src/core/language-model.ts';
import type { InferenceChildOptions } from '../../src/models/local/process/inference-child.ts';
import { type InferenceProcess, startInferenceProcess } from '../../src/models/local/process/inference-process.ts';
import { eventWindow } from '../../src/models/local/process/inference-protocol.ts';
import { embeddedQuestions, scriptedQuestions } from '../suites/language-model-questions.ts';
import { never, requestOf, runOne } from '../suites/language-model-run.ts';
import { slowed } from '../support/child-process.ts';

const logged: Array<{ message: string; fields: Record<string, unknown> }> = [];
const note = (fields: Record<string, unknown>, message: string) => void logged.push({ message, fields });
const log = { info: note, warn: note, error: note };
const scripted: InferenceChildOptions = {
  entry: new URL('../support/scripted-inference.ts', import.meta.url),
  models: [{ id: 'scripted', path: '' }],
  threads: 1,
  kvMegabytes: 64,
  kvBits: 8,
  log,
};
const real: InferenceChildOptions = {
  ...scripted,
  entry: new URL('../../workers/inference.ts', import.meta.url),
  models: [{ id: 'thinkfirst-135m', path: 'models/thinkfirst-135m' }],
  threads: 2,
};

let started: InferenceProcess[] = [];
async function start(options: InferenceChildOptions): Promise<{ inference: InferenceProcess; model: LanguageModel }> {
  const inference = await startInferenceProcess(options);
  started.push(inference);
  const [model] = inference.models.values();
  if (!model) throw new Error('no model');
  return { inference, model };
}
afterEach(async () => {
  const all = started;
  started = [];
  await Promise.all(all.map((inference) => inference.close()));
});

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const kill = (pid: number | undefined) => pid !== undefined && process.kill(pid, 'SIGKILL');

describe('inference process', () => {
  it('fails the running calls when its child is killed, and serves the next ones from a new child', async () => {
    const { inference, model } = await start(scripted);
    const first = inference.pid;
    const running = runOne(model, requestOf(scriptedQuestions.question, { budget: 30 }), {
      onEvent: () => kill(inference.pid),
    });
    await expect(running).rejects.toMatchObject({ code: 'model_unavailable', retryable: true });
    const run = await runOne(model, requestOf(scriptedQuestions.question, { budget: 5 }));
    expect(run.answer.trim()).not.toBe('');
    expect(inference.pid).not.toBe(first);
    expect(logged.map(({ message }) => message)).toContain('inference process died');
  });

  it('lets a waiting call be cancelled while there is no child', async () => {
    const { inference, model } = await start(scripted);
    const death = expect(
      runOne(model, requestOf(scriptedQuestions.question, { budget: 30 }), { onEvent: () => kill(inference.pid) }),
    ).rejects.toMatchObject({ code: 'model_unavailable' });
    await death;
    const cancel = new AbortController();
    const waiting = runOne(model, requestOf(scriptedQuestions.question, {}), { signal: cancel.signal });
    const reason = new Error('no patience');
    cancel.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  it('says what is wrong with a model that cannot be loaded, and leaves no process behind', async () => {
    const starting = startInferenceProcess({ ...scripted, models: [{ id: 'broken', path: '' }] });
    await expect(starting).rejects.toMatchObject({ code: 'model_unavailable', message: 'The model broken is broken.' });
    const missing = startInferenceProcess({ ...real, models: [{ id: 'x', path: './models/none' }] });
    await expect(missing).rejects.toThrow(/there is no folder/);
  });

  it('ends its child on close, and calls fail from then on', async () => {
    const { inference, model } = await start(scripted);
    const pid = inference.pid ?? 0;
    await inference.close();
    expect(isAlive(pid)).toBe(false);
    await expect(runOne(model, requestOf(scriptedQuestions.question, {}))).rejects.toMatchObject({
      code: 'model_unavailable',
    });
  });

  it('leaves no child, busy as it is, and no stack trace, when the parent is killed', async () => {
    const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    const entry = fileURLToPath(new URL('../support/inference-parent.ts', import.meta.url));
    const parent: ChildProcess = fork(entry, [], {
      execArgv: ['--import', tsx],
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    // Open until parent and child are both gone.
    const said = text(parent.stderr as Readable);
    const [childPid] = (await once(parent, 'message')) as [number];
    expect(isAlive(childPid)).toBe(true);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await expect.poll(() => isAlive(childPid)).toBe(false);
    expect(await said).not.toContain('EPIPE');
  });

  it('serves the real model: answers, cancels within a step, survives kill -9', async () => {
    const { inference, model } = await start(real);
    const ready = logged.findLast(({ message }) => message === 'inference process ready');
    expect(ready?.fields['startMs']).toBeGreaterThan(0);
    expect(ready?.fields['residentMB']).toBeGreaterThan(50);
    const run = await runOne(model, requestOf(embeddedQuestions.question, { budget: 8 }));
    expect(run.finish).toMatchObject({ thinkingStop: 'budget', usage: { thinkingTokens: 8 } });

    // Told after the third event that it shall answer now, it thinks no more than what was on its way. At its own speed it
    // could end by itself before it hears of it.
    const slow = slowed(inference.pid ?? 0);
    const answerNow = new AbortController();
    let deltas = 0;
    const told = await runOne(model, requestOf(embeddedQuestions.question, { budget: 200 }), {
      answerNow: answerNow.signal,
      onEvent: ({ type }) => {
        if (type === 'thinking-delta' && ++deltas === 3) answerNow.abort();
      },
    });
    slow.letGo();
    expect(told.finish.thinkingStop).toBe('user');
    expect(told.finish.usage.thinkingTokens).toBeLessThanOrEqual(3 + eventWindow);
    expect(logged.findLast(({ message }) => message === 'inference')?.fields['tokensPerSecond']).toBeGreaterThan(0);

    const dying = runOne(model, requestOf(embeddedQuestions.question, { budget: 100 }), {
      onEvent: () => kill(inference.pid),
    });
    await expect(dying).rejects.toMatchObject({ code: 'model_unavailable', retryable: true });
    expect(await model.countTokens(embeddedQuestions.question, { thinking: true })).toBeGreaterThan(10);
    const again = await runOne(model, requestOf(embeddedQuestions.question, { answer: { maxTokens: 4 } }), {
      signal: never,
    });
    expect(again.answer.trim()).not.toBe('');
  });
});
