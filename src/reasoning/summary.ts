import type { TraceStep } from '../contracts/trace.ts';

export type SummaryMode = 'auto' | 'concise' | 'detailed';

/**
 * What was tried, what was found wrong and what was decided, in sentences built from the steps: no raw thoughts, no model
 * call. `concise` (and `auto` for a short run) is one paragraph; `detailed` has a line for every step.
 */
export function summarise(steps: readonly TraceStep[], mode: SummaryMode): string {
  const ordered = [...steps].sort((a, b) => a.index - b.index);
  if (ordered.every((step) => step.phase === 'answer')) return 'Answered at once, without thinking.';
  return mode === 'detailed' ? ordered.map(describe).join('\n') : concise(ordered);
}

function concise(steps: readonly TraceStep[]): string {
  const of = (phase: TraceStep['phase']): TraceStep[] => steps.filter((step) => step.phase === phase);
  const chains = of('think');
  const revised = of('revise');
  const found = [...new Set(revised.flatMap((step) => step.because ?? []))];
  const decided = of('answer').at(-1) ?? of('vote').at(-1);
  const sentences = [
    of('draft').length > 0 ? 'Drafted an answer.' : '',
    chains.length > 0 ? `Thought in ${count(chains.length, 'chain')}${answersOf(chains)}.` : '',
    found.length > 0 ? `Found wrong and revised: ${found.slice(0, 3).join('; ')}${found.length > 3 ? '; …' : ''}.` : '',
    // A single chain that answers live has no decision but its own end.
    decided?.because ?? (chains.length === 1 ? 'Answered from that thought.' : ''),
  ];
  return sentences.filter((sentence) => sentence !== '').join(' ');
}

function answersOf(chains: readonly TraceStep[]): string {
  const answers = [...new Set(chains.flatMap((step) => step.answer ?? []))];
  if (answers.length === 0) return '';
  const shown = answers.slice(0, 4).join(', ');
  return answers.length === 1
    ? `, which came to ${shown}`
    : `, which came to ${shown}${answers.length > 4 ? ', …' : ''}`;
}

const titles: Readonly<Record<TraceStep['phase'], string>> = {
  draft: 'Draft',
  think: 'Chain',
  check: 'Check',
  revise: 'Revision',
  vote: 'Vote',
  answer: 'Answer',
};

function describe(step: TraceStep): string {
  const number = step.sample === null || step.phase === 'answer' ? '' : ` ${step.sample + 1}`;
  const why = step.phase === 'revise' && step.because !== undefined ? ` Because of ${step.because}.` : '';
  return `${titles[step.phase]}${number}: ${step.summary}${why}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
