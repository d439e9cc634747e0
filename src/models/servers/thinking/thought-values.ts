import { createThoughtLines, type FoundValue, makesAnotherSign, valueBehind } from '../../thought-lines.ts';

/**
 * The values that are computed in one sample's thought at a server (a calculator in the thought, arXiv 2110.14168). The server
 * is asked to stop at the equals sign; a server that doesn't is left there by closing the connection. Then the thought
 * goes on behind the value, or behind the sign where there is none.
 */
export type ThoughtValues = {
  /** Calls to the server that this thought has made so far. */
  readonly calls: number;
  /** Counts one more call. */
  called(): void;
  /** Whether values may still be inserted. */
  on(): boolean;
  /** Where the server is to stop: at an equals sign, within code at its fence. */
  stops(): string[];
  /** Takes new text of the thought. Gives what stands of it: where a value follows, all up to its equals sign. */
  take(text: string): { text: string; value?: FoundValue };
  /** Takes text that was inserted, such as a continuation word. */
  add(text: string): void;
  /** The value for an equals sign at the thought's end, once nothing follows it. Given once. */
  pending(): FoundValue | undefined;
  /** Takes an inserted value of so many tokens; false where no so many are left. */
  insert(text: string, tokens: number): boolean;
};

/** After so many calls the thought goes on without values: each call has a cost. */
const mostCalls = 64;

/** Text that could be a control token to the server, which reads the prompt's special tokens: strings in calls may hold it. */
const controlLike = /[<>[\]|]/;

/** What would make another number of the value before it. */
const moreDigits = /^(?:[.,]?\p{Nd})+/u;

/** @param given the text that the thought continues; `allowance`: tokens of values at most */
export function createThoughtValues(given: string, allowance: number): ThoughtValues {
  const lines = createThoughtLines(given);
  let open = lines.equals;
  let behindValue = false;
  let left = allowance;
  let calls = 0;
  const on = () => left > 0 && calls < mostCalls;
  const find = () => {
    open = false;
    const value = on() ? valueBehind(lines) : undefined;
    return value !== undefined && controlLike.test(value.text) ? undefined : value;
  };
  const add = (text: string) => {
    if (text === '') return;
    lines.push(text);
    open = text.endsWith('=') && lines.equals;
    behindValue = false;
  };
  return {
    get calls() {
      return calls;
    },
    called() {
      calls += 1;
    },
    on,
    stops: () => (!on() ? [] : lines.inCode ? ['```', '~~~'] : ['=']),
    add,
    take(whole) {
      const text = behindValue ? whole.replace(moreDigits, '') : whole;
      for (let at = 0; at < text.length; ) {
        const value = open && !makesAnotherSign(text.slice(at)) ? find() : undefined;
        if (value !== undefined) return { text: text.slice(0, at), value };
        const sign = text.indexOf('=', at);
        const end = sign < 0 ? text.length : sign + 1;
        add(text.slice(at, end));
        at = end;
      }
      return { text };
    },
    pending: () => (open ? find() : undefined),
    insert(text, tokens) {
      if (tokens > left) return false;
      left -= tokens;
      add(text);
      behindValue = true;
      return true;
    },
  };
}
