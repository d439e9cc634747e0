import { z } from 'zod';
import type { OutputItem } from '../../src/contracts/responses/output-item.ts';
import { ResponseEvent } from '../../src/contracts/responses/response-event.ts';

type Open = { id: string; texts: Map<string, { text: string; open: boolean }> };

const Terminal = z.object({ output: z.array(z.looseObject({ id: z.string() })) });

/**
 * Faults in the order of a complete stream: numbers must start at 0 without gaps, one item at a time must be open in
 * the order of the output, each part must be added before its deltas and done with their sum, and there must be one
 * terminal event, whose output has the items that were done.
 */
export function orderFaults(events: readonly object[]): string[] {
  const faults: string[] = [];
  const done: OutputItem[] = [];
  let open: Open | undefined;
  let ended = false;
  for (const [index, raw] of events.entries()) {
    const event = ResponseEvent.parse(raw);
    const fault = (what: string) => faults.push(`${index} ${event.type}: ${what}`);
    if (event.sequence_number !== index) fault(`has number ${event.sequence_number}`);
    if (ended) fault('comes after the end');
    if ('output_index' in event && event.output_index !== done.length) fault(`is of item ${event.output_index}`);
    if ('item_id' in event && event.item_id !== open?.id) fault(`names ${event.item_id}, open is ${open?.id}`);
    if (event.type === 'response.output_item.added') {
      if (open !== undefined) fault('comes while another item is open');
      open = { id: event.item.id, texts: new Map() };
    } else if (event.type === 'response.output_item.done') {
      if (event.item.id !== open?.id) fault('ends another item');
      for (const [part, { open: unfinished }] of open?.texts ?? []) if (unfinished) fault(`leaves ${part} open`);
      done.push(event.item);
      open = undefined;
    } else if (event.type === 'response.completed' || event.type === 'response.incomplete') {
      if (open !== undefined) fault('leaves an item open');
      if (JSON.stringify(event.response.output) !== JSON.stringify(done)) fault('has another output than the events');
      Terminal.parse(event.response);
      ended = true;
    } else if (open !== undefined) {
      partFault(event, open, fault);
    }
  }
  if (!ended) faults.push('no end');
  return faults;
}

function partFault(event: ResponseEvent, { texts }: Open, fault: (what: string) => void): void {
  const part =
    'content_index' in event
      ? `content ${event.content_index}`
      : 'summary_index' in event
        ? `summary ${event.summary_index}`
        : 'arguments';
  const known = texts.get(part);
  if (/part\.added$/.test(event.type)) {
    if (known !== undefined) fault(`adds ${part} again`);
    texts.set(part, { text: '', open: true });
  } else if ('delta' in event) {
    if (known?.open === false || (known === undefined && part !== 'arguments')) fault(`${part} is not open`);
    texts.set(part, { text: (known?.text ?? '') + event.delta, open: part !== 'arguments' });
  } else if (/part\.done$/.test(event.type)) {
    if (known?.open !== true) fault(`${part} is not open`);
    if (known !== undefined) known.open = false;
  } else if ('text' in event && event.text !== known?.text) {
    fault(`is not the sum of the deltas of ${part}`);
  }
}
