import { overlap } from './think-splitter.ts';

/** Ends an answer at a stop text, which is not part of it, wherever the stream cuts it. */
export type StopScanner = { push(text: string): { text: string; stopped: boolean }; end(): string };

/** The earliest of `stops` ends the text. Here and not at the server, which would look for them in the thought as well. */
export function createStopScanner(stops: readonly string[]): StopScanner {
  const marks = stops.filter((stop) => stop !== '');
  let held = '';
  return {
    push(text) {
      held += text;
      const found = marks.map((mark) => held.indexOf(mark)).filter((at) => at >= 0);
      if (found.length > 0) {
        const before = held.slice(0, Math.min(...found));
        held = '';
        return { text: before, stopped: true };
      }
      const keep = Math.max(0, ...marks.map((mark) => overlap(held, mark)));
      const free = held.slice(0, held.length - keep);
      held = held.slice(held.length - keep);
      return { text: free, stopped: false };
    },
    end() {
      const rest = held;
      held = '';
      return rest;
    },
  };
}
