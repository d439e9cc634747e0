import { describe, expect, it } from 'vitest';
import { createRequest } from '../../../src/cli/commands/ask.ts';

describe('the request of ask and chat', () => {
  it('leaves to the service what was not given', () => {
    expect(createRequest('What is 2 + 3?', {})).toEqual({ input: 'What is 2 + 3?' });
  });

  it('asks with a seed for a run that nothing else sways, so that it can be repeated', () => {
    expect(createRequest('x', { seed: 0 })).toEqual({ input: 'x', seed: 0, deterministic: true });
  });
});
