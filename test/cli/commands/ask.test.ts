import { describe, expect, it } from 'vitest';
import { complain, createRequest } from '../../../src/cli/commands/ask.ts';
import { costLine } from '../../../src/cli/question-view.ts';
import type { Answered } from '../../../src/cli/run-question.ts';

describe('the request of ask and chat', () => {
  it('leaves to the service what was not given', () => {
    expect(createRequest('What is 2 + 3?', {})).toEqual({ input: 'What is 2 + 3?' });
  });

  it('asks with a seed for a run that nothing else sways, so that it can be repeated', () => {
    expect(createRequest('x', { seed: 0 })).toEqual({ input: 'x', seed: 0, deterministic: true });
  });
});

const cut = (strategy: string): Answered => ({
  id: 'resp_1',
  status: 'incomplete',
  model: 'tiny',
  output_text: 'And then',
  output: [],
  error: null,
  incomplete_details: { reason: 'max_output_tokens' },
  reasoning: {
    effort: 'medium',
    summary: null,
    context: 'current_turn',
    effective: {
      effort: 'medium',
      strategy,
      budget_tokens: 0,
      answer_reserve_tokens: 1024,
      samples: 1,
      max_revisions: 0,
      deadline_ms: null,
    },
  },
  usage: null,
  thinking_stop: null,
  answer_source: null,
  verdict: null,
  progress: null,
  warnings: [],
});

it('what failed was not answered', () => {
  expect(costLine({ ...cut('direct'), status: 'failed' }, 10_900)).toBe('failed after 10.9 s; tiny, resp_1');
});

describe('an answer that was cut short', () => {
  const adviceFor = (strategy: string, maxTokens?: number) => {
    try {
      complain(cut(strategy), maxTokens === undefined ? {} : { maxTokens });
    } catch (error) {
      return (error as { advice: string }).advice;
    }
    return undefined;
  };

  it('offers Python, and servers of the operator by their label', () => {
    expect(createRequest('x', { tool: ['python', 'tickets'] })).toEqual({
      input: 'x',
      tools: [
        { type: 'code_interpreter', container: { type: 'auto' } },
        { type: 'mcp', server_label: 'tickets' },
      ],
      include: ['code_interpreter_call.outputs'],
    });
  });

  it('is advised by what cut it', () => {
    expect(adviceFor('direct', 50)).toBe('Give it more room with --max-tokens, or leave that out.');
    expect(adviceFor('direct')).toContain('with --max-tokens, if the context');
    const reserve = 'reasoning.answer_reserve_tokens of a request, or --fast with --max-tokens, gives it more room.';
    expect(adviceFor('deliberate')).toBe(reserve);
    expect(adviceFor('deliberate', 2000)).toBe(reserve);
    expect(adviceFor('deliberate', 500)).toBe('Give it more room with --max-tokens, or leave that out.');
  });
});
