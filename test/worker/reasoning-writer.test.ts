import { describe, expect, test } from 'vitest';
import type { LogLine } from '../../src/contracts/responses/job.ts';
import type { OutputItem } from '../../src/contracts/responses/output-item.ts';
import { ResponseEvent } from '../../src/contracts/responses/response-event.ts';
import { workDone } from '../../src/contracts/responses/response-from-log.ts';
import { createReasoningWriter, type ReasoningWriter } from '../../src/worker/reasoning-writer.ts';

/** What a writer has written so far, and its items as they stand; `now` is a clock that the test moves. */
function written(earlier?: { output: readonly OutputItem[]; log: readonly LogLine[] }) {
  const log: LogLine[] = [...(earlier?.log ?? [])];
  const output: OutputItem[] = structuredClone([...(earlier?.output ?? [])]);
  const clock = { ms: 0 };
  const writer = createReasoningWriter({
    output,
    suffix: 'x',
    log: [...log],
    now: () => clock.ms,
    line: (event) => {
      const number = log.length;
      return { stream: 'wire', number, data: { ...event, sequence_number: number } };
    },
  });
  const say = (lines: LogLine[]): void =>
    void log.push(...lines.map((line, index) => numbered(line, log.length + index)));
  const deltas = () =>
    log.flatMap(({ data }) => (data['type'] === 'response.reasoning_text.delta' ? data['delta'] : []));
  return { writer, say, log, output, clock, deltas };
}

const numbered = (line: LogLine, number: number): LogLine => ({ ...line, number });

/** Pieces of a thought as a model samples them. */
function think({ writer, say }: { writer: ReasoningWriter; say(lines: LogLine[]): void }, pieces: readonly string[]) {
  for (const piece of pieces) say(writer.thought(piece));
}

const lines = ['First the tens: 40.\n', 'Then the ones: 2.\n', 'So the answer is 42.'];

describe('a thought', () => {
  test('comes line by line as it is sampled, and is one item with its summary', () => {
    const run = written();
    for (const line of lines) think(run, line.match(/\S+\s*/g) ?? []);
    expect(run.deltas()).toEqual(['First ', 'the tens: 40.\n', 'Then the ones: 2.\n']);
    run.say(run.writer.endThought());
    expect(run.deltas().join('')).toBe(lines.join(''));
    run.say(run.writer.summary('Thought in a chain.'));
    run.say(run.writer.settle({ text: lines.join(''), encrypted: 'sealed' }));
    expect(run.log.map(({ data }) => ResponseEvent.parse(data).type)).toEqual([
      'response.output_item.added',
      'response.content_part.added',
      ...run.deltas().map(() => 'response.reasoning_text.delta'),
      'response.reasoning_text.done',
      'response.content_part.done',
      'response.reasoning_summary_part.added',
      'response.reasoning_summary_text.delta',
      'response.reasoning_summary_text.done',
      'response.reasoning_summary_part.done',
      'response.output_item.done',
    ]);
    expect(run.output).toEqual([
      {
        type: 'reasoning',
        id: 'rs_x',
        status: 'completed',
        content: [{ type: 'reasoning_text', text: lines.join('') }],
        summary: [{ type: 'summary_text', text: 'Thought in a chain.' }],
        encrypted_content: 'sealed',
      },
    ]);
  });

  test('makes no line of the log for each token, be they empty lines', () => {
    const run = written();
    think(
      run,
      Array.from({ length: 4_000 }, () => '\n'),
    );
    expect(run.deltas().length).toBeLessThanOrEqual(1 + 4_000 / 80);
    const words = written();
    think(
      words,
      Array.from({ length: 4_000 }, () => ' w'),
    );
    expect(words.deltas().length).toBeLessThanOrEqual(1 + 8_000 / 80);
  });

  test('of a slow model comes token by token', () => {
    const run = written();
    for (const word of ['I ', 'think ', 'slowly']) {
      run.clock.ms += 250;
      think(run, [word]);
    }
    expect(run.deltas()).toEqual(['I ', 'think ', 'slowly']);
  });

  test('that loses is an item of its own, and the winner a further one', () => {
    const run = written();
    run.say(run.writer.summary('Drafted an answer.'));
    think(run, [...lines]);
    run.say(run.writer.summary('Thought in another chain.'));
    run.say(run.writer.endThought());
    run.say(run.writer.settle({ text: 'the winner', encrypted: 'sealed' }));
    expect(run.output).toMatchObject([
      {
        id: 'rs_x',
        status: 'completed',
        content: [{ text: lines.join('') }],
        summary: [{ text: 'Drafted an answer.' }, { text: 'Thought in another chain.' }],
      },
      {
        id: 'rs_x_1',
        status: 'completed',
        content: [{ text: 'the winner' }],
        summary: [],
        encrypted_content: 'sealed',
      },
    ]);
    expect(run.output[0]).not.toHaveProperty('encrypted_content');
    expect(run.writer.settle({ text: 'the winner' })).toEqual([]);
    expect([...run.writer.thought('more'), ...run.writer.summary('more'), ...run.writer.cut()]).toEqual([]);
  });
});

describe('after an attempt that died in the middle of a thought', () => {
  const begun = () => {
    const run = written();
    run.say(run.writer.summary('Drafted an answer.'));
    think(run, lines.slice(0, 2));
    return run;
  };

  test.each([1, 3, 7, 100])('the same thought, in pieces of %s, goes on where it was', (size) => {
    const first = begun();
    const next = written(first);
    think(next, lines.join('').match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []);
    next.say(next.writer.endThought());
    next.say(next.writer.settle({ text: lines.join('') }));
    expect(next.log.slice(0, first.log.length)).toEqual(first.log);
    expect(next.deltas().join('')).toBe(lines.join(''));
    expect(next.output).toMatchObject([{ status: 'completed', content: [{ text: lines.join('') }] }]);
  });

  test.each([
    ['says something else', ['First the tens: 30.\n', 'Never mind.']],
    ['ends before it', ['First the tens: 40.\n']],
    ['goes on otherwise', [...lines.slice(0, 2), 'No.']],
  ])('one that %s takes nothing back', (_what, pieces) => {
    const first = begun();
    const next = written(first);
    think(next, pieces);
    next.say(next.writer.endThought());
    next.say(next.writer.settle({ text: pieces.join('') }));
    const shown = lines.slice(0, 2).join('');
    expect(next.log.slice(0, first.log.length)).toEqual(first.log);
    const isSame = pieces.join('').startsWith(shown);
    expect(next.output).toMatchObject(
      isSame
        ? [{ id: 'rs_x', status: 'completed', content: [{ text: pieces.join('') }] }]
        : [
            { id: 'rs_x', status: 'incomplete', content: [{ text: shown }], summary: [{ text: 'Drafted an answer.' }] },
            { id: 'rs_x_1', status: 'completed', content: [{ text: pieces.join('') }] },
          ],
    );
  });

  test('an answer without any thought closes what was open', () => {
    const next = written(begun());
    next.say(next.writer.summary('Answered.'));
    next.say(next.writer.settle({}));
    expect(next.output).toMatchObject([
      { status: 'incomplete', summary: [{ text: 'Drafted an answer.' }] },
      { status: 'completed', summary: [{ text: 'Answered.' }] },
    ]);
  });

  test('a thought that had ended is gone on from, and what was completed stays', () => {
    const first = begun();
    first.say(first.writer.endThought());
    const next = written(first);
    next.say(next.writer.thought('another'));
    next.say(next.writer.settle({ text: lines.slice(0, 2).join('') }));
    expect(next.output).toMatchObject([{ status: 'completed', content: [{ text: lines.slice(0, 2).join('') }] }]);
    const last = written(next);
    expect([...last.writer.thought('x'), ...last.writer.settle({ text: 'y' }), ...last.writer.cut()]).toEqual([]);
  });

  test('its lines are no work that is done: one that only ever begins to think gets no further', () => {
    const first = begun();
    const next = written(first);
    think(next, ['Otherwise.']);
    next.say(next.writer.cut());
    expect(next.log.length).toBeGreaterThan(first.log.length);
    expect([workDone(first.log), workDone(next.log)]).toEqual([0, 0]);
  });
});
