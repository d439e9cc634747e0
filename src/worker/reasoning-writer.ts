import type { LogLine } from '../contracts/responses/job.ts';
import type { OutputItem, ReasoningItem } from '../contracts/responses/output-item.ts';
import type { UnnumberedEvent } from '../contracts/responses/response-event.ts';

/** The reasoning as it is known once the answer is; parts that the request did not ask for are absent. */
export type SettledReasoning = {
  /** The thought that led to the answer. */
  text?: string;
  encrypted?: string;
  /** The summary, used if no step gave a part of one. */
  summary?: string;
};

/**
 * The reasoning items of one response. One is open at a time: it receives the first chain's thought while it is sampled,
 * and the parts of the summary. If another thought wins, that one becomes a further item.
 */
export type ReasoningWriter = {
  /** A piece of the first chain's thought. Pieces are gathered, so that the log has no line for each token. */
  thought(text: string): LogLine[];
  /** The first chain's thought is complete. */
  endThought(): LogLine[];
  /** A part of the summary. */
  summary(text: string): LogLine[];
  /** Completes the items; no lines if an earlier attempt did. */
  settle(reasoning: SettledReasoning): LogLine[];
  /** Closes an open item as it is. */
  cut(): LogLine[];
};

/** A log line holds a line of the thought, or so many characters, or what was sampled in so many ms. */
const most = { characters: 80, ms: 250 };
/** Characters: shorter lines of a thought are gathered, empty ones above all. */
const leastLine = 8;

type ItemOptions = {
  output: OutputItem[];
  suffix: string;
  log: readonly LogLine[];
  line(event: UnnumberedEvent): LogLine;
};

export function createReasoningWriter(options: ItemOptions & { now(): number }): ReasoningWriter {
  return new Reasoning(new ReasoningItems(options), options.now);
}

class Reasoning implements ReasoningWriter {
  private readonly items: ReasoningItems;
  private readonly now: () => number;
  private settled: boolean;
  /** Text shown by an attempt that died before the thought ended; this attempt may think the same or something else. */
  private stale: string | undefined;
  /** What this attempt has thought so far while there is stale text. */
  private again = '';
  private gathered = '';
  private writtenAt = Number.NEGATIVE_INFINITY;
  /** Parts of the summary that wait for the end of the thought, so that an item's events keep their order. */
  private parts: string[] = [];

  constructor(items: ReasoningItems, now: () => number) {
    this.items = items;
    this.now = now;
    this.settled = items.areCompleted();
    this.stale = items.isTextOpen ? items.text : undefined;
  }

  thought(text: string): LogLine[] {
    // An item holds one thought.
    if (this.settled || (this.items.text !== undefined && !this.items.isTextOpen)) return [];
    this.gathered += text;
    const isLine = this.gathered.includes('\n') && this.gathered.trim().length >= leastLine;
    if (!isLine && this.gathered.length < most.characters && this.now() - this.writtenAt < most.ms) return [];
    this.writtenAt = this.now();
    return this.write();
  }

  endThought(): LogLine[] {
    return this.settled ? [] : this.finishThought();
  }

  summary(text: string): LogLine[] {
    if (this.settled) return [];
    if (!this.items.isTextOpen && this.gathered === '') return this.items.addSummary(text);
    this.parts.push(text);
    return [];
  }

  settle({ text = '', encrypted, summary }: SettledReasoning): LogLine[] {
    if (this.settled) return [];
    this.settled = true;
    const { items } = this;
    const lines = this.finishThought();
    if (summary !== undefined && !items.haveSummary()) lines.push(...items.addSummary(summary));
    if (text !== '') {
      if (items.text !== undefined && items.text !== text) lines.push(...items.close('completed'));
      if (items.text === undefined) lines.push(...items.addText(text), ...items.endText());
    }
    if (encrypted !== undefined) lines.push(...items.addEncrypted(encrypted));
    lines.push(...items.close('completed'));
    return lines;
  }

  cut(): LogLine[] {
    return this.settled ? [] : [...this.finishThought(), ...this.items.close('incomplete')];
  }

  private finishThought(): LogLine[] {
    const lines = this.write();
    if (this.stale !== undefined && this.stale !== this.again) lines.push(...this.anotherThought());
    this.stale = undefined;
    lines.push(...this.items.endText(), ...this.parts.flatMap((text) => this.items.addSummary(text)));
    this.parts = [];
    return lines;
  }

  /** Writes the gathered text, without what an earlier attempt has shown already. */
  private write(): LogLine[] {
    const text = this.gathered;
    this.gathered = '';
    if (this.stale === undefined) return this.items.addText(text);
    this.again += text;
    if (this.stale.startsWith(this.again)) return [];
    if (!this.again.startsWith(this.stale)) return this.anotherThought();
    const more = this.again.slice(this.stale.length);
    this.stale = undefined;
    return this.items.addText(more);
  }

  /** Shown text is never taken back: if this attempt thinks something else, that becomes an item of its own. */
  private anotherThought(): LogLine[] {
    this.stale = undefined;
    return [...this.items.close('incomplete'), ...this.items.addText(this.again)];
  }
}

/** The reasoning items in a response's output, with the events that open, fill and close them. */
class ReasoningItems {
  private readonly output: OutputItem[];
  private readonly suffix: string;
  private readonly line: ItemOptions['line'];
  /** Index of the open item in the output. */
  private open: number | undefined;
  isTextOpen: boolean;

  constructor({ output, suffix, log, line }: ItemOptions) {
    this.output = output;
    this.suffix = suffix;
    this.line = line;
    const last = output.findLastIndex((item) => item.type === 'reasoning');
    const item = output[last];
    this.open = item?.type === 'reasoning' && item.status === 'in_progress' ? last : undefined;
    this.isTextOpen = this.text !== undefined && !hasThoughtEnded(log, last);
  }

  /** The open item's thought so far; undefined if there is none. */
  get text(): string | undefined {
    return this.current()?.item.content?.[0]?.text;
  }

  areCompleted(): boolean {
    return this.output.some((item) => item.type === 'reasoning' && item.status === 'completed');
  }

  haveSummary(): boolean {
    return this.output.some((item) => item.type === 'reasoning' && item.summary.length > 0);
  }

  close(status: 'completed' | 'incomplete'): LogLine[] {
    const lines = this.endText();
    const current = this.current();
    if (current === undefined) return lines;
    const done = { ...current.item, status };
    this.output[current.index] = done;
    this.open = undefined;
    return [...lines, this.line({ type: 'response.output_item.done', output_index: current.index, item: done })];
  }

  addText(text: string): LogLine[] {
    if (text === '') return [];
    const lines = this.start();
    const current = this.current();
    if (current === undefined) return lines;
    const { index, item } = current;
    const part = { type: 'reasoning_text' as const, text: '' };
    const place = { output_index: index, item_id: item.id, content_index: 0 };
    if (item.content === undefined) lines.push(this.line({ type: 'response.content_part.added', ...place, part }));
    this.output[index] = { ...item, content: [{ ...part, text: (this.text ?? '') + text }] };
    this.isTextOpen = true;
    lines.push(this.line({ type: 'response.reasoning_text.delta', ...place, delta: text }));
    return lines;
  }

  endText(): LogLine[] {
    const current = this.current();
    const part = current?.item.content?.[0];
    if (!this.isTextOpen || current === undefined || part === undefined) return [];
    this.isTextOpen = false;
    const place = { output_index: current.index, item_id: current.item.id, content_index: 0 };
    return [
      this.line({ type: 'response.reasoning_text.done', ...place, text: part.text }),
      this.line({ type: 'response.content_part.done', ...place, part }),
    ];
  }

  addSummary(text: string): LogLine[] {
    const lines = this.start();
    const current = this.current();
    if (current === undefined) return lines;
    const { index, item } = current;
    const part = { type: 'summary_text' as const, text };
    const place = { output_index: index, item_id: item.id, summary_index: item.summary.length };
    this.output[index] = { ...item, summary: [...item.summary, part] };
    return [
      ...lines,
      this.line({ type: 'response.reasoning_summary_part.added', ...place, part: { ...part, text: '' } }),
      this.line({ type: 'response.reasoning_summary_text.delta', ...place, delta: text }),
      this.line({ type: 'response.reasoning_summary_text.done', ...place, text }),
      this.line({ type: 'response.reasoning_summary_part.done', ...place, part }),
    ];
  }

  /** No event shows it before the item's last one. */
  addEncrypted(encrypted: string): LogLine[] {
    const lines = this.start();
    const current = this.current();
    if (current !== undefined) this.output[current.index] = { ...current.item, encrypted_content: encrypted };
    return lines;
  }

  private current(): { index: number; item: ReasoningItem } | undefined {
    const item = this.open === undefined ? undefined : this.output[this.open];
    return this.open !== undefined && item?.type === 'reasoning' ? { index: this.open, item } : undefined;
  }

  private start(): LogLine[] {
    if (this.open !== undefined) return [];
    const earlier = this.output.filter((item) => item.type === 'reasoning').length;
    const id = earlier === 0 ? `rs_${this.suffix}` : `rs_${this.suffix}_${earlier}`;
    const item: ReasoningItem = { type: 'reasoning', id, summary: [], status: 'in_progress' };
    this.open = this.output.push(item) - 1;
    return [this.line({ type: 'response.output_item.added', output_index: this.open, item })];
  }
}

function hasThoughtEnded(log: readonly LogLine[], index: number): boolean {
  return log.some(({ data }) => data['type'] === 'response.reasoning_text.done' && data['output_index'] === index);
}
