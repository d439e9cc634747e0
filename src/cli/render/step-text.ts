import type { CheckResult, TraceCall, TraceStep } from '../../contracts/responses/trace.ts';
import { codeOf } from '../../core/parse-json.ts';
import { type Paint, shownText } from '../terminal.ts';
import { bar, clipped, counted, duration } from './figures.ts';
import { type ComputedPart, type JudgedThought, judgedThought, markedLines } from './wrong-lines.ts';

/** `chain 1`, `revise 1`, `draft`, `vote`, `answer` */
function stepName({ phase, sample }: TraceStep): string {
  if (sample === null || phase === 'draft' || phase === 'answer') return phase;
  return `${phase === 'think' ? 'chain' : phase === 'tool' ? 'call' : phase} ${sample + 1}`;
}

/** Characters. Answers are as long as the model makes them; `--json` has them whole. */
const longestSummary = 160;
const longestAnswer = 60;

/** A step in one line: what it was, its tokens, what came of it. */
export function stepLine(step: TraceStep, paint: Paint): string {
  const tokens = step.tokens === 0 ? '' : counted(step.tokens, 'token');
  return `${mark(step, paint)} ${paint.bold(stepName(step).padEnd(9))} ${tokens.padStart(12)}  ${clipped(step.summary, longestSummary)}`;
}

/** The steps of a response, one after the other: an answer whose step repeats what the vote said names its chain instead. */
export function createStepReader(): (step: TraceStep) => TraceStep {
  let voted: string | undefined;
  return (step) => {
    if (step.phase === 'vote') voted = step.summary;
    if (step.phase !== 'answer' || step.summary !== voted) return step;
    return { ...step, summary: step.sample === null ? 'As voted.' : `From chain ${step.sample + 1}.` };
  };
}

/**
 * Writes a response's steps whole, in their order: a revision shows the line that it has in a wrong one's place. Under the
 * first thought with computed values a line says what is underlined.
 */
export function createStepWriter(paint: Paint): (step: TraceStep) => string {
  const standing = new Map<number, JudgedThought>();
  const read = createStepReader();
  let explained = !paint.isColorSupported;
  return (given) => {
    const step = read(given);
    const { phase, sample, answer } = step;
    const isChain = sample !== null && (phase === 'think' || phase === 'revise');
    const revised = isChain && phase === 'revise' ? standing.get(sample) : undefined;
    if (isChain && answer !== null) standing.set(sample, judgedThought(step, revised));
    const text = stepText(step, paint, revised);
    if (explained || step.computed === undefined) return text;
    explained = true;
    return `${text}\n      ${paint.dim(`${paint.underline('underlined')}: computed by the service, not by the model`)}`;
  };
}

/** A step whole: its thought dimmed with wrong lines struck out, verdicts, tally, and why it was made. */
export function stepText(step: TraceStep, paint: Paint, revised?: JudgedThought): string {
  const lines = [stepLine(step, paint)];
  if (step.because !== undefined && step.because !== step.summary)
    lines.push(`    ${paint.yellow('because')} ${shownText(step.because)}`);
  const gutter = paint.dim('    │ ');
  if (step.call !== undefined) lines.push(...callLines(step.call, paint));
  // The thought before a call is part of its chain's.
  else if (step.text !== null) {
    lines.push(
      ...markedLines(judgedThought(step, revised), revised).map(({ text: line, wrong, computed, replaces }) => {
        const text = underlined(line, computed, paint);
        if (replaces && !wrong) return `${gutter}${paint.isColorSupported ? paint.green(text) : `→ ${text}`}`;
        if (!wrong) return `${gutter}${paint.dim(text)}`;
        // Without colours a struck line must still be told from the others.
        return `${gutter}${paint.isColorSupported ? paint.red(paint.strikethrough(text)) : `✗ ${text}`}`;
      }),
    );
  }
  if (step.phase !== 'answer') lines.push(...step.checks.flatMap((check) => checkLine(check, paint)));
  if (step.tally !== undefined) lines.push(...tallyLines(step.tally, paint));
  const facts = [
    step.duration_ms > 0 && duration(step.duration_ms),
    step.stop_reason && step.stop_reason !== 'line' && `ended: ${step.stop_reason}`,
  ];
  const told = facts.filter(Boolean).join(', ');
  if (told !== '' && step.phase !== 'answer') lines.push(paint.dim(`      ${told}`));
  return lines.join('\n');
}

/** What was called, and what came back. */
function callLines({ arguments: args, output, error }: TraceCall, paint: Paint): string[] {
  const gutter = paint.dim('    │ ');
  const asked = codeOf(args).split('\n').filter(Boolean);
  const came = (output ?? '').trimEnd().split('\n').filter(Boolean);
  const colour = error ? paint.red : paint.green;
  const more = came.length > mostOutputLines ? [paint.dim(`      ${came.length - mostOutputLines} more lines`)] : [];
  return [
    ...asked.map((line) => `${gutter}${paint.cyan(shownText(line))}`),
    ...came.slice(0, mostOutputLines).map((line) => `${paint.dim('    → ')}${colour(shownText(line))}`),
    ...more,
  ];
}

const mostOutputLines = 20;

/** The line, safe to print, with its computed values underlined. */
function underlined(line: string, computed: readonly ComputedPart[], paint: Paint): string {
  let end = 0;
  const pieces = computed.map(({ from, to }) => {
    const piece = `${shownText(line.slice(end, from))}${paint.underline(shownText(line.slice(from, to)))}`;
    end = to;
    return piece;
  });
  return `${pieces.join('')}${shownText(line.slice(end))}`;
}

function mark({ phase, checks }: TraceStep, paint: Paint): string {
  if (phase === 'vote' || phase === 'answer') return paint.cyan('•');
  if (checks.some(({ verdict }) => verdict === 'fail')) return paint.red('✗');
  return checks.some(isConfirmed) ? paint.green('✓') : paint.dim('·');
}

/** The mark says that an answer is right: a form that holds, or a thought that goes with its answer, says less. */
function isConfirmed({ verdict, confirms }: CheckResult): boolean {
  return verdict === 'pass' && confirms === true;
}

/** A check that had nothing to judge says nothing. */
function checkLine(check: CheckResult, paint: Paint): string[] {
  const { name, verdict, detail: told } = check;
  const detail = shownText(told);
  switch (verdict) {
    case 'abstain':
      return [];
    case 'pass':
      return [
        `    ${isConfirmed(check) ? paint.green('✓') : paint.dim('·')} ${paint.dim(`${name}: ${detail || 'passed'}`)}`,
      ];
    case 'fail':
      return [`    ${paint.red('✗')} ${name}: ${detail || 'failed'}`];
    default:
      return verdict satisfies never;
  }
}

const tallyWidth = 20;

function tallyLines(tally: NonNullable<TraceStep['tally']>, paint: Paint): string[] {
  const most = Math.max(0, ...tally.map(({ ballots }) => ballots));
  const answers = tally.map(({ answer }) => clipped(answer, longestAnswer));
  const widest = Math.max(0, ...answers.map(({ length }) => length));
  return tally.map(({ ballots }, place) => {
    const answer = answers[place] ?? '';
    const { full, empty } = bar(ballots, most, tallyWidth);
    const drawn = `${place === 0 ? paint.green(full) : full}${paint.dim(empty)}`;
    return `    ${answer.padEnd(widest)}  ${drawn}  ${counted(ballots, 'vote')}`;
  });
}
