import type { EffortTable } from '../../contracts/service/effort-table.ts';
import { shownText } from '../terminal.ts';

/** Where what a model's efforts spend comes from: its own measurements, or nobody's. */
export function effortTableText({ model, calibrated }: EffortTable): string {
  return calibrated === null
    ? `the defaults; \`thinkfirst calibrate --model ${model}\` measures its own`
    : `calibrated ${calibrated.at.slice(0, 10)} on ${counted(calibrated.questions, 'question')}`;
}

/** 2,048 */
export function wholeNumber(count: number): string {
  return count.toLocaleString('en-US');
}

/** `0.4 s`, `12.3 s`, `3 min 5 s` */
export function duration(ms: number): string {
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `1 token`, `2 tokens` */
export function counted(count: number, noun: string): string {
  return `${wholeNumber(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** A fault in small letters as the start of a sentence. */
export function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `just now`, `5 min ago`, `3 h ago`, `2 d ago`, of epoch seconds. */
export function ago(epochSeconds: number, nowMs: number): string {
  const seconds = Math.max(0, nowMs / 1_000 - epochSeconds);
  if (seconds < 60) return 'just now';
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** At most `width` characters; what is cut ends in an ellipsis. Line ends become spaces, other control characters go. */
export function clipped(text: string, width: number): string {
  const line = shownText(text.replaceAll(/\s+/g, ' ')).trim();
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`;
}

/** A bar of `width` cells, `part` of `whole` filled. */
export function bar(part: number, whole: number, width: number): { full: string; empty: string } {
  const cells = whole <= 0 ? 0 : Math.round(Math.min(1, part / whole) * width);
  return { full: '━'.repeat(cells), empty: '─'.repeat(width - cells) };
}
