import { readFileSync } from 'node:fs';
import type { MeasuredChain, MeasuredQuestion } from '../../../eval/calibration/measured-chain.ts';
import { EffortTable } from '../../../src/contracts/service/effort-table.ts';

export const defaultTable = EffortTable.parse(
  JSON.parse(readFileSync('src/models/config/effort-tables/default-plain.json', 'utf8')),
);

/** A chain that says `answer`; the right one is 1. */
export function chain(answer: string, changes: Partial<MeasuredChain> = {}): MeasuredChain {
  return {
    source: 'sample',
    sample: 1,
    thought: '',
    answer: `The answer is ${answer}.`,
    right: answer === '1',
    stop: 'natural',
    thinkingTokens: 10,
    answerTokens: 5,
    checks: [],
    ...changes,
  };
}

export function judged(
  verdict: 'pass' | 'fail',
  judges: 'line' | 'value',
  name = 'arithmetic',
): MeasuredChain['checks'][number] {
  return { name, verdict, judges, detail: '', confirms: false, slow: false };
}

export function question(chains: MeasuredChain[], changes: Partial<MeasuredQuestion> = {}): MeasuredQuestion {
  const numbered = chains.map((one, index) => ({
    ...one,
    sample: index,
    source: index === 0 ? ('greedy' as const) : one.source,
  }));
  const draft = chain('9', { source: 'draft', sample: null, stop: null });
  return { question: 'What is it?', draft, chains: numbered, handedOver: null, ...changes };
}

export function times<Item>(count: number, item: Item): Item[] {
  return Array.from({ length: count }, () => item);
}
