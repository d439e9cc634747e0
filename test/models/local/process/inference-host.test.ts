import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ServiceError } from '../../../../src/contracts/service/service-error.ts';
import type { FromInference } from '../../../../src/models/local/process/inference-protocol.ts';
import { createInferenceProxy } from '../../../../src/models/local/process/inference-proxy.ts';
import { never, requestOf, runOne, runSamples } from '../../../suites/language-model-run.ts';
import { linkInference } from '../../../support/inference-link.ts';
import { createScriptedModel, type Script } from '../../../support/scripted-language-model.ts';

const question = { messages: [{ role: 'user' as const, content: 'Hi' }] };
const long: Script = () => ({ thought: 'word '.repeat(2_000).trim(), answer: 'Done.' });

function setUp(script: Script, deliver?: Parameters<typeof linkInference>[1]) {
  const scripted = createScriptedModel({ script });
  const link = linkInference(scripted, deliver);
  return {
    ...link,
    scripted,
    model: createInferenceProxy(scripted, (sent, options) => link.connection.call(sent, options)),
  };
}

describe('inference host', () => {
  it('sends the events of all calls of one step together', async () => {
    const { model, sent } = setUp(() => ({ thought: 'one two three', answer: 'Yes.' }));
    await runSamples(model, requestOf(question, { budget: 50, samples: 1 }));
    const batches = sent.filter(({ type }) => type === 'events');
    // Three thoughts, the end of thinking, the answer, the finish: a step each.
    expect(batches.length).toBeLessThanOrEqual(6);
  });

  it('keeps a slow reader from piling up messages, and loses nothing', async () => {
    const kept: Array<() => void> = [];
    let slow = true;
    const deliver = (message: FromInference, receive: (message: FromInference) => void) => {
      if (slow) kept.push(() => receive(message));
      else receive(message);
    };
    const { model, sent } = setUp(long, deliver);
    const running = runOne(model, requestOf(question, { budget: 2_000 }));
    for (let turn = 0; turn < 500; turn++) await setImmediate();
    expect(sent.length).toBeLessThanOrEqual(16);
    slow = false;
    for (let receive = kept.shift(); receive; receive = kept.shift()) receive();
    const run = await running;
    expect(run.finish.usage.thinkingTokens).toBe(2_000);
    expect(run.thinkingIds).toHaveLength(2_000);
  });

  it('stops the model within a step of a cancel', async () => {
    const { model, scripted, sent } = setUp(long);
    const cancel = new AbortController();
    const reason = new Error('enough');
    let events = 0;
    const onEvent = () => {
      if (++events === 3) cancel.abort(reason);
    };
    await expect(
      runOne(model, requestOf(question, { budget: 2_000 }), { signal: cancel.signal, onEvent }),
    ).rejects.toBe(reason);
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    expect(sent.length).toBeLessThan(8);
    expect(scripted.calls).toHaveLength(1);
  });

  it('gives nothing of a batch after the cancel that its first event brought', async () => {
    const kept: Array<() => void> = [];
    const { model } = setUp(long, (message, receive) => kept.push(() => receive(message)));
    const cancel = new AbortController();
    const reason = new Error('enough');
    let after = 0;
    const onEvent = () => {
      if (cancel.signal.aborted) after += 1;
      cancel.abort(reason);
    };
    const running = runOne(model, requestOf(question, { budget: 50 }), { signal: cancel.signal, onEvent });
    for (let turn = 0; turn < 10; turn++) await setImmediate();
    for (const receive of kept) receive();
    await expect(running).rejects.toBe(reason);
    expect(after).toBe(0);
  });

  it('stops the model when the reader leaves', async () => {
    const { model, sent } = setUp(long);
    for await (const _event of model.generate(requestOf(question, { budget: 2_000 }), { signal: never })) break;
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    expect(sent.length).toBeLessThan(8);
  });

  it('carries a ServiceError whole, and of any other error nothing but that there was one', async () => {
    const own = new ServiceError({ code: 'context_length_exceeded', param: 'input', message: 'Too long.' });
    const whole = setUp(() => {
      throw own;
    });
    await expect(runOne(whole.model, requestOf(question, {}))).rejects.toMatchObject({
      code: 'context_length_exceeded',
      param: 'input',
      message: 'Too long.',
      retryable: false,
    });
    const other = setUp(() => {
      throw new Error('secret path');
    });
    const error = await runOne(other.model, requestOf(question, {})).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'server_error' });
    expect(String(error)).not.toContain('secret');
  });

  it('fails the running calls of a connection that is lost, and every later one', async () => {
    const { model, connection } = setUp(long, () => {});
    const running = runOne(model, requestOf(question, { budget: 10 }));
    await setImmediate();
    connection.lost();
    await expect(running).rejects.toMatchObject({ code: 'model_unavailable', retryable: true });
    await expect(model.countTokens(question, { thinking: false })).rejects.toMatchObject({ code: 'model_unavailable' });
  });

  it('reports tokens over the time that had calls in it', async () => {
    const { model, sent } = setUp(() => ({ thought: 'one two', answer: 'Yes.' }));
    await runOne(model, requestOf(question, { budget: 10 }));
    const stats = sent.find(({ type }) => type === 'stats');
    expect(stats).toMatchObject({ tokens: 3 });
  });
});
