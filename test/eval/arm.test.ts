import { describe, expect, it } from 'vitest';
import { parseArm } from '../../eval/arm.ts';

describe('parseArm', () => {
  it('reads a level, and takes the strategy only for those that think', () => {
    expect(parseArm('low', { strategy: 'self-consistency' }).request).toEqual({
      reasoning: { effort: 'low', strategy: 'self-consistency' },
    });
    expect(parseArm('none', { strategy: 'self-consistency' }).request).toEqual({ reasoning: { effort: 'none' } });
  });

  it('gives a chain Python', () => {
    expect(parseArm('low:tools=python').request).toEqual({
      reasoning: { effort: 'low' },
      tools: [{ type: 'code_interpreter', container: { type: 'auto' } }],
    });
  });

  it('reads overrides, for ablations', () => {
    expect(parseArm('high:samples=1:checks=none:max_revisions=0:temperature=0.5')).toEqual({
      name: 'high:samples=1:checks=none:max_revisions=0:temperature=0.5',
      request: {
        reasoning: { effort: 'high', samples: 1, checks: [], checks_only: true, max_revisions: 0 },
        temperature: 0.5,
      },
    });
    expect(parseArm('high:without=vote+revise').request.reasoning).toEqual({
      effort: 'high',
      options: { without: ['vote', 'revise'] },
    });
    expect(parseArm('high:strategy=self-consistency:samples=8:adaptive=false').request.reasoning).toEqual({
      effort: 'high',
      strategy: 'self-consistency',
      samples: 8,
      options: { adaptive: false },
    });
    expect(parseArm('high:checks=arithmetic+agreement').request.reasoning['checks']).toEqual([
      { type: 'arithmetic' },
      { type: 'agreement' },
    ]);
  });

  it('has one greedy chain as an arm of its own', () => {
    expect(parseArm('greedy').request).toEqual({
      reasoning: { effort: 'high', strategy: 'budget-forcing', samples: 1 },
      temperature: 0,
    });
  });

  it.each(['hihg', 'high:sample=1', 'high:samples=x', ''])('refuses %j', (text) => {
    expect(() => parseArm(text)).toThrow();
  });
});
