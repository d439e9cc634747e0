import type { Progress } from '../contracts/responses/reasoning.ts';
import { bar, clipped, counted, duration, wholeNumber } from './render/figures.ts';
import type { Terminal } from './terminal.ts';

/** One line at the foot of a terminal that redraws itself; lines above it stay. */
export type LiveMeter = {
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
export function createLiveMeter(terminal: Terminal, now: () => number): LiveMeter {
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
    const found = samples.length === 0 ? '' : `${counted(samples.length, 'sample')}: ${samples.join(', ')}`;
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
