import type { LogLine } from '../contracts/job.ts';
import type { OutputItem, ReasoningItem } from '../contracts/output-item.ts';
import type { Unnumbered } from './unnumbered.ts';

/** What a settled reasoning item holds; what is absent was not asked for. */
export type SettledReasoning = { summary?: string; text?: string; encrypted?: string };

/** The reasoning item of one response: live pieces of a thought, and what is known once the answer is. */
export type ReasoningWriter = {
  /** A live piece of the thought. */
  thought(text: string): LogLine[];
  /** Completes the item that is open, or makes it whole; nothing where one was completed before. */
  settle(reasoning: SettledReasoning): LogLine[];
  /** Closes an open item as it is. */
  cut(): LogLine[];
};

export function createReasoningWriter(options: {
  output: OutputItem[];
  suffix: string;
  line(event: Unnumbered): LogLine;
}): ReasoningWriter {
  const { output, suffix, line } = options;
  /** Of this attempt: what an earlier one left open is never gone on with, since its thought may differ. */
  let open: number | undefined;

  const itemAt = (index: number): ReasoningItem | undefined => {
    const item = output[index];
    return item?.type === 'reasoning' ? item : undefined;
  };
  const start = (): LogLine[] => {
    const lines = cutStale();
    const earlier = output.filter((item) => item.type === 'reasoning').length;
    const id = earlier === 0 ? `rs_${suffix}` : `rs_${suffix}_${earlier}`;
    const item: ReasoningItem = { type: 'reasoning', id, summary: [], status: 'in_progress' };
    open = output.push(item) - 1;
    return [...lines, line({ type: 'response.output_item.added', output_index: open, item })];
  };
  const close = (index: number, status: 'completed' | 'incomplete'): LogLine[] => {
    const item = itemAt(index);
    if (item === undefined) return [];
    const done = { ...item, status };
    output[index] = done;
    return [line({ type: 'response.output_item.done', output_index: index, item: done })];
  };
  const cutStale = (): LogLine[] =>
    output.flatMap((item, index) =>
      item.type === 'reasoning' && item.status === 'in_progress' && index !== open ? close(index, 'incomplete') : [],
    );
  const at = (index: number) => ({ output_index: index, item_id: itemAt(index)?.id ?? '' });

  const thought = (text: string): LogLine[] => {
    if (text === '') return [];
    const lines = open === undefined ? start() : [];
    if (open === undefined) return lines;
    const item = itemAt(open);
    const part = { type: 'reasoning_text' as const, text: '' };
    const place = { ...at(open), content_index: 0 };
    if (item?.content === undefined) lines.push(line({ type: 'response.content_part.added', ...place, part }));
    if (item) output[open] = { ...item, content: [{ ...part, text: (item.content?.[0]?.text ?? '') + text }] };
    lines.push(line({ type: 'response.reasoning_text.delta', ...place, delta: text }));
    return lines;
  };
  const endThought = (index: number): LogLine[] => {
    const part = itemAt(index)?.content?.[0];
    if (part === undefined) return [];
    const place = { ...at(index), content_index: 0 };
    return [
      line({ type: 'response.reasoning_text.done', ...place, text: part.text }),
      line({ type: 'response.content_part.done', ...place, part }),
    ];
  };
  const addSummary = (index: number, text: string): LogLine[] => {
    const item = itemAt(index);
    if (item === undefined) return [];
    const part = { type: 'summary_text' as const, text };
    output[index] = { ...item, summary: [part] };
    const place = { ...at(index), summary_index: 0 };
    return [
      line({ type: 'response.reasoning_summary_part.added', ...place, part: { ...part, text: '' } }),
      line({ type: 'response.reasoning_summary_text.delta', ...place, delta: text }),
      line({ type: 'response.reasoning_summary_text.done', ...place, text }),
      line({ type: 'response.reasoning_summary_part.done', ...place, part }),
    ];
  };

  return {
    thought,
    settle({ summary, text, encrypted }) {
      if (open === undefined && output.some((item) => item.type === 'reasoning' && item.status === 'completed')) {
        return [];
      }
      if (open === undefined && summary === undefined && text === undefined && encrypted === undefined) {
        return cutStale();
      }
      const lines = open === undefined ? start() : [];
      const index = open;
      if (index === undefined) return lines;
      if (text !== undefined && itemAt(index)?.content === undefined) lines.push(...thought(text));
      lines.push(...endThought(index));
      if (summary !== undefined) lines.push(...addSummary(index, summary));
      const item = itemAt(index);
      if (item && encrypted !== undefined) output[index] = { ...item, encrypted_content: encrypted };
      lines.push(...close(index, 'completed'));
      open = undefined;
      return lines;
    },
    cut() {
      const lines = [...cutStale(), ...(open === undefined ? [] : [...endThought(open), ...close(open, 'incomplete')])];
      open = undefined;
      return lines;
    },
  };
}
