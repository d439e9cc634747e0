/** A piece of text and what it belongs to. */
export type TextPart = { kind: 'thinking' | 'answer'; text: string };

/**
 * Tells thought and answer apart in text that carries its tags, however the tags are cut into pieces. Whatever could be
 * the beginning of a tag is held back until it is known to be one or not.
 */
export type ThinkSplitter = {
  push(text: string): TextPart[];
  /** `cut`: by its length, and not by the model. */
  end(options: { cut: boolean }): TextPart[];
};

/**
 * `open` is absent where a thought has no tags, and `close` then is a marker in words, found at the
 * beginning of a line, in bold or another case as well.
 * `start` says where the text begins: `thinking` within a thought,
 * `answer` in the answer for good, `either`: a thought if the opening tag comes first (after white space), else the answer,
 * `held`: the same, but without an opening tag all is held back until the closing tag (it was a thought) or the end (it was
 * the answer; a thought where the text was cut). `onTag` hears by which tag that was found out.
 */
export function createThinkSplitter(options: {
  open?: string | undefined;
  close: string;
  start: 'thinking' | 'answer' | 'either' | 'held';
  onTag?: (tag: 'open' | 'close') => void;
}): ThinkSplitter {
  const { open, close } = options;
  // `before`: nothing but white space so far, so an opening tag may still come.
  let state: 'before' | 'held' | 'inside' | 'answer' = options.start === 'answer' ? 'answer' : 'before';
  const withoutTag = options.start === 'thinking' ? 'inside' : options.start === 'held' ? 'held' : 'answer';
  let held = '';
  const find = open === undefined && close !== '' ? createMarkerSearch(close) : createTagSearch(close);

  function drain(last: boolean, cut: boolean): TextPart[] {
    const parts: TextPart[] = [];
    const put = (kind: TextPart['kind'], text: string) => {
      if (text !== '') parts.push({ kind, text });
      held = '';
    };
    if (state === 'before') {
      const trimmed = held.trimStart();
      if (open !== undefined && trimmed.startsWith(open)) {
        state = 'inside';
        if (options.start === 'held') options.onTag?.('open');
        held = trimmed.slice(open.length);
      } else if (!last && open?.startsWith(trimmed)) {
        return parts;
      } else {
        state = withoutTag;
      }
    }
    if (state === 'held') {
      const closed = held.includes(close);
      if (!closed && !last) return parts;
      if (closed) options.onTag?.('close');
      state = closed || cut ? 'inside' : 'answer';
    }
    if (state === 'inside') {
      const { at, end } = find(held, last);
      const rest = held.slice(end ?? at);
      put('thinking', held.slice(0, at));
      held = rest;
      if (end === undefined) return parts;
      state = 'answer';
    }
    put('answer', held);
    return parts;
  }

  return {
    push(text) {
      held += text;
      return drain(false, false);
    },
    end: ({ cut }) => drain(true, cut),
  };
}

/** Where in a thought its end is, and where that ends; without an `end`, from where on it could still be one. */
type Search = (text: string, last: boolean) => { at: number; end?: number };

function createTagSearch(tag: string): Search {
  return (text, last) => {
    const at = text.indexOf(tag);
    if (at >= 0) return { at, end: at + tag.length };
    return { at: last ? text.length : text.length - overlap(text, tag) };
  };
}

/**
 * `Final answer:` is also written `**Final Answer:**`, which would leave its stars in the answer, or `### Final answer:`. It
 * begins its line: within a sentence these words only speak of the answer.
 */
function createMarkerSearch(marker: string): Search {
  const words = marker.replace(/:$/, '');
  // Lazy, so that the stars of a bold marker are its own.
  const around = '[ \\t>#*-]{0,12}?';
  const bold = `([*_]{1,3})${words}(?::\\1|\\1:)`;
  const written = new RegExp(`(?<![^\\n])${around}(?:${bold}|${words}:)`, 'gi');
  const bare = (text: string) => text.replaceAll(/[ \t>#*_-]/g, '').toLowerCase();
  const sought = bare(marker);
  // With all that may stand around it: nothing longer is held back.
  const longest = marker.length + 12 + 2 * 3;
  // The text begins within a line whose beginning was given out.
  let withinLine = false;
  return (text, last) => {
    written.lastIndex = withinLine ? 1 : 0;
    const found = written.exec(text);
    const end = found === null ? 0 : found.index + found[0].length;
    // Bold may yet be closed behind it.
    if (found !== null && (last || /[^*_]/.test(text.slice(end)))) return { at: found.index, end };
    if (last) return { at: text.length };
    if (found === null) {
      const start = text.lastIndexOf('\n') + 1;
      const line = text.slice(start);
      const given = withinLine && start === 0;
      withinLine = given || line.length > longest || !sought.startsWith(bare(line));
      return { at: withinLine ? text.length : start };
    }
    withinLine = false;
    return { at: found.index };
  };
}

/** Length of the longest end of `text` that begins `mark`. */
export function overlap(text: string, mark: string): number {
  for (let length = Math.min(text.length, mark.length - 1); length > 0; length--) {
    if (mark.startsWith(text.slice(text.length - length))) return length;
  }
  return 0;
}
