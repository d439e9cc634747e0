import type { Progress } from '../contracts/responses/reasoning.ts';
import type { TraceStep } from '../contracts/responses/trace.ts';
import { thinkingTokens } from '../contracts/responses/usage.ts';
import { bar, clipped, counted, duration, wholeNumber } from './render/figures.ts';
import { createStepReader, createStepWriter, stepLine } from './render/step-text.ts';
import { verdictLine } from './render/verdict-line.ts';
import type { Answered, QuestionView } from './run-question.ts';
import type { Terminal } from './terminal.ts';

/** One line at the foot of a terminal that redraws itself; lines above it stay. */
type LiveMeter = {
  progress(progress: Progress): void;
  /** Answers so far, one for each sample. */
  answers(answers: readonly string[]): void;
  /** Prints above the meter. */
  line(text: string): void;
  /** Takes the meter away. */
  stop(): void;
};

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/** ms */
const redrawEvery = 120;
const barWidth = 20;
const clear = '\r\u001b[2K';

const phases: Readonly<Record<Progress['phase'], string>> = {
  queued: 'waiting',
  draft: 'drafting',
  think: 'thinking',
  check: 'checking',
  revise: 'going back',
  answer: 'answering',
};

/** Draws on standard error, which is a terminal. */
function createLiveMeter(terminal: Terminal, now: () => number): LiveMeter {
  const { notePaint: paint } = terminal;
  const startedAt = now();
  let latest: (Progress & { at: number }) | undefined;
  let samples: readonly string[] = [];
  let frame = 0;
  const draw = () => terminal.draw(`${clear}${meterLine()}`);
  const timer = setInterval(() => {
    frame += 1;
    draw();
  }, redrawEvery);
  draw();
  return {
    progress(progress) {
      latest = { ...progress, at: now() };
      draw();
    },
    answers(answers) {
      samples = answers;
    },
    line(text) {
      terminal.draw(`${clear}${text}\n`);
      draw();
    },
    stop() {
      clearInterval(timer);
      terminal.draw(clear);
    },
  };

  function meterLine(): string {
    const spin = frames[frame % frames.length] ?? '';
    const word = phaseWord();
    const spent = latest?.thinking_tokens ?? 0;
    const budget = latest?.budget_tokens ?? 0;
    const tokens = budget > 0 ? `${wholeNumber(spent)} of ${wholeNumber(budget)} tokens` : '';
    const found = samples.length === 0 ? '' : `${counted(samples.length, 'chain')}: ${samples.join(', ')}`;
    const rest = [tokens, found, duration(now() - startedAt), timeLeft()].filter((part) => part !== '').join(' · ');
    const { full, empty } = bar(spent, budget, barWidth);
    const room = terminal.columns() - 1 - 2 - word.length - 2 - (budget > 0 ? barWidth + 2 : 0);
    const drawn = budget > 0 ? `${paint.cyan(full)}${paint.dim(empty)}  ` : '';
    return `${paint.cyan(spin)} ${paint.bold(word)}  ${drawn}${paint.dim(clipped(rest, room))}`;
  }

  function timeLeft(): string {
    if (latest === undefined || latest.eta_ms === null) return '';
    return `about ${duration(Math.max(0, latest.eta_ms - (now() - latest.at)))} left`;
  }

  function phaseWord(): string {
    const word = phases[latest?.phase ?? 'queued'];
    const ahead = latest?.phase === 'queued' ? latest.queue_position : null;
    if (ahead === null) return word.padEnd(10);
    return ahead === 0 ? 'next in line' : `${word}, ${ahead} ahead`;
  }
}

/** How a question is shown while it runs, and the one line of what it cost. */
type ShownQuestion = { view: QuestionView; end(response: Answered): void; abandon(): void };

/**
 * On a terminal: a meter, each step in a line above it. Piped: the steps only where `trace` asks for them. `trace` adds the
 * thoughts, dimmed. All of it goes to standard error; `delta` alone writes the answer.
 */
export function showQuestion(
  terminal: Terminal,
  options: {
    trace: boolean;
    quiet: boolean;
    /** Absent: the answer is printed at the end. */
    delta?: ((text: string) => void) | undefined;
    event?: ((event: Record<string, unknown>) => void) | undefined;
    now(): number;
  },
): ShownQuestion {
  const { trace, quiet, delta, event, now } = options;
  const { notePaint: paint } = terminal;
  const live = terminal.noteLive && !quiet;
  const startedAt = now();
  const lines = createLines(terminal, { live, now });
  const answers = new Map<number, string>();
  const stepText = createStepWriter(paint);
  const read = createStepReader();
  const shown = (step: TraceStep) => (trace ? stepText(step) : paint.dim(stepLine(read(step), paint)));
  return {
    view: {
      moves: live,
      begun: () => {},
      progress: (progress) => lines.meter()?.progress(progress),
      step(step) {
        if (step.sample !== null && step.answer !== null && step.phase !== 'draft')
          answers.set(step.sample, step.answer);
        lines.meter()?.answers([...answers.values()]);
        if (!quiet && (live || trace)) lines.line(shown(step));
      },
      delta(text) {
        if (delta === undefined) return;
        lines.answerBegins();
        delta(text);
      },
      event: (raw) => event?.(raw),
      traceDenied(message) {
        if (trace && !quiet) lines.line(paint.yellow(`No trace: ${message}`));
      },
      interrupted(what) {
        if (!quiet) lines.line(paint.yellow(interruption[what]));
      },
    },
    end(response) {
      lines.stop();
      if (!quiet) noteEnd(terminal, response, { held: lines.held, ms: now() - startedAt });
    },
    abandon: lines.stop,
  };
}

/** Lines on standard error, above the meter as long as there is one. */
function createLines(terminal: Terminal, { live, now }: { live: boolean; now(): number }) {
  let meter = live ? createLiveMeter(terminal, now) : undefined;
  let answering = false;
  /** Lines that came while the answer was being written, because nothing may be drawn into it. */
  const held: string[] = [];
  const stop = () => {
    meter?.stop();
    meter = undefined;
  };
  return {
    meter: () => meter,
    held,
    line(text: string) {
      if (answering && live) held.push(text);
      else if (meter) meter.line(text);
      else terminal.note(text);
    },
    answerBegins() {
      stop();
      answering = true;
    },
    stop,
  };
}

/** What is shown below the answer: lines held back, warnings, verdict and cost. */
function noteEnd(terminal: Terminal, response: Answered, { held, ms }: { held: readonly string[]; ms: number }): void {
  const { notePaint: paint } = terminal;
  for (const text of held) terminal.note(text);
  for (const { field, message } of response.warnings) terminal.note(paint.yellow(`warning: ${field}: ${message}`));
  if (response.verdict !== null) terminal.note(verdictLine(response.verdict, paint));
  terminal.note(paint.dim(costLine(response, ms)));
}

const interruption = {
  'answer-now': 'Answering now with the best result so far. Ctrl-C again cancels.',
  'not-thinking-yet': 'It is not thinking yet. Ctrl-C again cancels.',
  cancel: 'Cancelled.',
  'not-cancelled': 'Cancelling failed. Ctrl-C again exits and leaves it running.',
} as const;

/** `thought for 4.2 s, 371 tokens of a budget of 2,048 (confident); answer from the revision; thinkfirst-135m, resp_…` */
export function costLine(
  { id, model, status, usage, thinking_stop: stop, answer_source: source, reasoning }: Answered,
  ms: number,
): string {
  if (status === 'failed') return `failed after ${duration(ms)}; ${model}, ${id}`;
  const spent = usage === null ? 0 : thinkingTokens(usage.phases);
  const { budget_tokens: budget, requested, effort } = reasoning.effective;
  const cost =
    stop === null
      ? `answered in ${duration(ms)}, ${counted(usage?.output_tokens ?? 0, 'token')}`
      : `thought for ${duration(ms)}, ${wholeNumber(spent)} tokens of a budget of ${wholeNumber(budget)} (${stop})`;
  const from =
    stop === null || source === null ? '' : `; answer from the ${source === 'deliberate' ? 'chain' : source}`;
  const chosen = requested === undefined ? '' : `; effort ${requested}: ${effort}`;
  return `${cost}${from}${chosen}; ${model}, ${id}`;
}
