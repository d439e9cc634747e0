import { showAnswer } from '../answers/normalise.ts';
import { type Candidate, failedLine, failedValue } from './sampling/candidate.ts';
import { isEmptyAnswer } from './sampling/sample.ts';

/** One sentence on what a chain came to, without its thoughts. */
export function chainSummary(phase: 'draft' | 'think' | 'revise', candidate: Candidate): string {
  const subject = { draft: 'The draft', think: 'The chain', revise: 'The revised chain' }[phase];
  if (isEmptyAnswer(candidate.answer)) return `${subject} gave no answer.`;
  const said = candidate.value === undefined ? 'gave an answer in words' : `answered ${showAnswer(candidate.value)}`;
  const stopped = `${candidate.source === 'handed_over' ? ' when its thinking was cut' : ''}${endOf(candidate)}`;
  const line = failedLine(candidate.checks);
  // What it says of a line quotes it, and the line is a thought.
  if (line !== undefined) return `${subject} ${said}${stopped}; a line failed its check (${line.name}).`;
  const failed = failedValue(candidate);
  if (failed !== undefined) return `${subject} ${said}${stopped}; a check found: ${failed.detail}.`;
  const passed = candidate.checks.filter((check) => check.verdict === 'pass').length;
  return `${subject} ${said}${stopped}${passed > 0 ? `; ${passed} ${passed === 1 ? 'check' : 'checks'} passed` : ''}.`;
}

function endOf({ cut, circles }: Candidate): string {
  if (circles) return ', going round in circles';
  return cut ? ', and was cut' : '';
}
