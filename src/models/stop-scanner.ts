import { overlap } from './servers/thinking/think-splitter.ts';

/** Ends an answer at a stop text, which is not part of it, wherever the stream cuts it. */
export type StopScanner = {
  push(text: string): { text: string; stopped: boolean };
  end(): string;
  /** The stop text that ended it. */
  readonly stop: string | undefined;
};

/** The earliest of `stops` ends the text. Done here, because the server would apply them to the thought as well. */
export function createStopScanner(stops: readonly string[]): StopScanner {
  const marks = stops.filter((stop) => stop !== '');
  let held = '';
  let stop: string | undefined;
  return {
    get stop() {
      return stop;
    },
    push(text) {
      held += text;
      const found = marks.map((mark) => ({ mark, at: held.indexOf(mark) })).filter(({ at }) => at >= 0);
      const [first] = found.sort((one, other) => one.at - other.at);
      if (first !== undefined) {
        const before = held.slice(0, first.at);
        stop = first.mark;
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
