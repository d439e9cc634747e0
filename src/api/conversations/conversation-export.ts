import type {
  ConversationExport,
  ConversationRecord,
  ConversationTurn,
} from '../../contracts/responses/conversation.ts';
import type { KeyScopes } from '../../contracts/service/key-scopes.ts';
import { invalidValue } from '../../contracts/service/service-error.ts';
import type { JobQueue } from '../../core/job-queue.ts';
import { inputItems, visibleItems } from '../responses/response-items.ts';
import { shownConversation } from './conversation-index.ts';
import { conversationInput, conversationTurns } from './conversations.ts';

/**
 * A conversation as a file: all branches with their items. A response that still runs is there as one without an answer.
 * `scopes`: of the caller, who may see so much of the thoughts.
 */
export async function exportedConversation(
  queue: JobQueue,
  record: ConversationRecord,
  { scopes }: { scopes: Pick<KeyScopes, 'trace'> },
): Promise<ConversationExport> {
  const entries = await Promise.all(
    record.entries.map(async (entry): Promise<ConversationExport['entries'][number]> => {
      if (entry.type === 'items') {
        const { follows, response } = entry;
        const items = visibleItems(entry.items, scopes);
        if (response === undefined) return { items, follows };
        const { createdAt: created_at, completedAt: completed_at, gone: _gone, ...kept } = response;
        return { items, follows, response: { ...kept, created_at, completed_at } };
      }
      const job = (await queue.get(entry.id))?.job;
      // Of a response that is gone only the place is left, which others may follow.
      if (job === undefined) return { items: [], follows: entry.follows };
      const [turn] = await conversationTurns({ queue }, { ...record, entries: [entry] });
      const items = visibleItems(inputItems(job), scopes);
      if (turn === undefined) return { items, follows: entry.follows };
      const { id, model, effort } = turn;
      const response = {
        id,
        model,
        effort,
        status: 'incomplete' as const,
        created_at: job.createdAt,
        completed_at: null,
      };
      return { items, follows: entry.follows, response };
    }),
  );
  const { title } = shownConversation(record);
  const { createdAt, metadata } = record;
  return { object: 'conversation.export', version: 1, title, created_at: createdAt, metadata, entries };
}

/** The record that an export becomes here: a conversation of its own, of responses that this service does not have. */
export function importedConversation(
  { title, created_at, metadata, entries }: ConversationExport,
  made: { id: string; owner: string | null; now: number; makeId(): string },
): ConversationRecord {
  for (const [index, { follows }] of entries.entries()) {
    if (typeof follows !== 'number' || follows < index) continue;
    const param = `entries[${index}].follows`;
    throw invalidValue(param, 'expected the index of an earlier entry');
  }
  return {
    version: 1,
    id: made.id,
    owner: made.owner,
    createdAt: Math.floor(created_at),
    updatedAt: made.now,
    metadata,
    ...(title === null ? {} : { title }),
    entries: entries.map(({ items, follows, response }, index) => {
      const suffix = made.makeId();
      const named = conversationInput(items, suffix, `entries[${index}].items`);
      const common = { type: 'items' as const, items: named, follows };
      if (response === undefined) return common;
      const { created_at: createdAt, completed_at: completedAt, ...kept } = response;
      return { ...common, response: { ...kept, id: `resp_${suffix}`, createdAt, completedAt, gone: true } };
    }),
  };
}

/** One branch as Markdown: its questions as headings of their own, with the answers below. Times in UTC. */
export function conversationMarkdown(
  title: string | null,
  turns: readonly ConversationTurn[],
  last: string | null,
): string {
  const byId = new Map(turns.map((turn) => [turn.id, turn]));
  const branch: ConversationTurn[] = [];
  for (let turn = byId.get(last ?? ''); turn !== undefined; turn = byId.get(turn.parent ?? '')) branch.push(turn);
  const parts = branch.reverse().map(({ question, answer, status, model, effort, created_at, verdict }) => {
    const asked = `${new Date(created_at * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
    const told = answer === '' ? `*No answer (${status.replace('_', ' ')}).*` : answer;
    const trust = verdict === undefined ? '' : `. Verdict: ${verdict.kind}. ${verdict.because}`;
    return `## Question\n\n${question}\n\n## Answer\n\n${told}\n\n*${model}, effort ${effort}, ${asked}${trust}*\n`;
  });
  return [`# ${title ?? 'Conversation'}\n`, ...parts].join('\n');
}
