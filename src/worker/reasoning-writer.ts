import type { LogLine } from '../contracts/responses/job.ts';
import type { OutputItem, ReasoningItem } from '../contracts/responses/output-item.ts';
import type { Unnumbered } from './unnumbered.ts';

/** What is known of the reasoning once the answer is; what is absent was not asked for. */
export type SettledReasoning = {
  /** The thought that the answer came of. */
  text?: string;
  encrypted?: string;
  /** Said where no step gave a part of the summary. */
  summary?: string;
};

/**
 * The reasoning items of one response. One is open at a time: it takes the first chain's thought as it is sampled, and the
 * parts of the summary. Where another thought wins, that one is a further item.
 */
export type ReasoningWriter = {
  /** A piece of the first chain's thought. Pieces are gathered, so that the log has no line for each token. */
  thought(text: string): LogLine[];
  /** The first chain has thought to its end. */
  endThought(): LogLine[];
  /** A part of the summary. */
  summary(text: string): LogLine[];
  /** Completes the items; nothing where an earlier attempt did. */
  settle(reasoning: SettledReasoning): LogLine[];
  /** Closes an open item as it is. */
  cut(): LogLine[];
};

/** A line of the log holds a line of the thought, so many characters, or what was sampled in so many ms. */
const most = { characters: 80, ms: 250 };
/** Characters: shorter lines of a thought are gathered, empty ones above all. */
const leastLine = 8;

export function createReasoningWriter(options: {
  output: OutputItem[];
  suffix: string;
  log: readonly LogLine[];
  line(event: Unnumbered): LogLine;
  now(): number;
}): ReasoningWriter {
  const { output, suffix, log, line, now } = options;
  const begun = output.findLastIndex((item) => item.type === 'reasoning');
  let settled = output.some((item) => item.type === 'reasoning' && item.status === 'completed');
  let open = itemAt(begun)?.status === 'in_progress' ? begun : undefined;
  let isTextOpen = open !== undefined && itemAt(open)?.content !== undefined && !hasThoughtEnded(log, open);
  /** Shown by an attempt that died in the middle of it: this one may think the same again, or something else. */
  let stale = open !== undefined && isTextOpen ? textOf(open) : undefined;
  /** What this attempt has thought of it so far. */
  let again = '';
  let gathered = '';
  let writtenAt = Number.NEGATIVE_INFINITY;
  /** Parts of the summary that wait for the end of the thought, so that events of an item come in one order. */
  let parts: string[] = [];

  function itemAt(index: number): ReasoningItem | undefined {
    const item = output[index];
    return item?.type === 'reasoning' ? item : undefined;
  }

  function textOf(index: number): string | undefined {
    return itemAt(index)?.content?.[0]?.text;
  }

  const start = (): LogLine[] => {
    if (open !== undefined) return [];
    const earlier = output.filter((item) => item.type === 'reasoning').length;
    const id = earlier === 0 ? `rs_${suffix}` : `rs_${suffix}_${earlier}`;
    const item: ReasoningItem = { type: 'reasoning', id, summary: [], status: 'in_progress' };
    open = output.push(item) - 1;
    return [line({ type: 'response.output_item.added', output_index: open, item })];
  };

  const close = (status: 'completed' | 'incomplete'): LogLine[] => {
    const item = open === undefined ? undefined : itemAt(open);
    if (open === undefined || item === undefined) return [];
    const lines = endText();
    const done = { ...item, status };
    output[open] = done;
    lines.push(line({ type: 'response.output_item.done', output_index: open, item: done }));
    open = undefined;
    return lines;
  };

  const addText = (text: string): LogLine[] => {
    if (text === '') return [];
    const lines = start();
    const item = open === undefined ? undefined : itemAt(open);
    if (open === undefined || item === undefined) return lines;
    const part = { type: 'reasoning_text' as const, text: '' };
    const place = { output_index: open, item_id: item.id, content_index: 0 };
    if (item.content === undefined) lines.push(line({ type: 'response.content_part.added', ...place, part }));
    output[open] = { ...item, content: [{ ...part, text: (textOf(open) ?? '') + text }] };
    isTextOpen = true;
    lines.push(line({ type: 'response.reasoning_text.delta', ...place, delta: text }));
    return lines;
  };

  const endText = (): LogLine[] => {
    const item = open === undefined ? undefined : itemAt(open);
    const part = item?.content?.[0];
    if (!isTextOpen || open === undefined || item === undefined || part === undefined) return [];
    isTextOpen = false;
    const place = { output_index: open, item_id: item.id, content_index: 0 };
    return [
      line({ type: 'response.reasoning_text.done', ...place, text: part.text }),
      line({ type: 'response.content_part.done', ...place, part }),
    ];
  };

  const addSummary = (text: string): LogLine[] => {
    const lines = start();
    const item = open === undefined ? undefined : itemAt(open);
    if (open === undefined || item === undefined) return lines;
    const part = { type: 'summary_text' as const, text };
    const place = { output_index: open, item_id: item.id, summary_index: item.summary.length };
    output[open] = { ...item, summary: [...item.summary, part] };
    lines.push(
      line({ type: 'response.reasoning_summary_part.added', ...place, part: { ...part, text: '' } }),
      line({ type: 'response.reasoning_summary_text.delta', ...place, delta: text }),
      line({ type: 'response.reasoning_summary_text.done', ...place, text }),
      line({ type: 'response.reasoning_summary_part.done', ...place, part }),
    );
    return lines;
  };

  /** What was shown is never taken back: a thought that turns out another one gets an item of its own. */
  const anotherThought = (): LogLine[] => {
    stale = undefined;
    return [...close('incomplete'), ...addText(again)];
  };

  const write = (): LogLine[] => {
    const text = gathered;
    gathered = '';
    if (stale === undefined) return addText(text);
    again += text;
    if (stale.startsWith(again)) return [];
    if (!again.startsWith(stale)) return anotherThought();
    const more = again.slice(stale.length);
    stale = undefined;
    return addText(more);
  };

  const endThought = (): LogLine[] => {
    const lines = write();
    if (stale !== undefined && stale !== again) lines.push(...anotherThought());
    stale = undefined;
    lines.push(...endText(), ...parts.flatMap(addSummary));
    parts = [];
    return lines;
  };

  return {
    thought(text) {
      // An item holds one thought.
      if (settled || (open !== undefined && itemAt(open)?.content !== undefined && !isTextOpen)) return [];
      gathered += text;
      const isLine = gathered.includes('\n') && gathered.trim().length >= leastLine;
      if (!isLine && gathered.length < most.characters && now() - writtenAt < most.ms) return [];
      writtenAt = now();
      return write();
    },
    endThought: () => (settled ? [] : endThought()),
    summary(text) {
      if (settled) return [];
      if (!isTextOpen && gathered === '') return addSummary(text);
      parts.push(text);
      return [];
    },
    settle({ text = '', encrypted, summary }) {
      if (settled) return [];
      settled = true;
      const lines = endThought();
      const isSummarised = output.some((item) => item.type === 'reasoning' && item.summary.length > 0);
      if (summary !== undefined && !isSummarised) lines.push(...addSummary(summary));
      const shown = open === undefined ? undefined : textOf(open);
      if (text !== '' && shown !== undefined && shown !== text) lines.push(...close('completed'));
      if (text !== '' && (open === undefined || textOf(open) === undefined)) lines.push(...addText(text), ...endText());
      if (encrypted !== undefined) lines.push(...start());
      const item = open === undefined ? undefined : itemAt(open);
      if (encrypted !== undefined && open !== undefined && item !== undefined) {
        output[open] = { ...item, encrypted_content: encrypted };
      }
      lines.push(...close('completed'));
      return lines;
    },
    cut: () => (settled ? [] : [...endThought(), ...close('incomplete')]),
  };
}

function hasThoughtEnded(log: readonly LogLine[], index: number): boolean {
  return log.some(({ data }) => data['type'] === 'response.reasoning_text.done' && data['output_index'] === index);
}
