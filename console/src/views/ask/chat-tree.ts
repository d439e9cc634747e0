import type { ConversationTurn } from '../../../../src/contracts/responses/conversation.ts';

export type ChatTurn = ConversationTurn;

/** A question of the branch that is shown, with what else stands in its place. */
export type ChatPlace = {
  turn: ChatTurn;
  /** Every question that was asked here, oldest first, each by the answer that is shown of it. */
  questions: readonly ChatTurn[];
  /** Every answer to this question, oldest first. */
  answers: readonly ChatTurn[];
};

/** The branch that holds `id`: from the first question through it to the newest below. Empty where there is no such turn. */
export function branchThrough(turns: readonly ChatTurn[], id: string | undefined): ChatPlace[] {
  const byId = new Map(turns.map((turn) => [turn.id, turn]));
  const chosen = id === undefined ? turns.at(-1) : byId.get(id);
  if (chosen === undefined) return [];
  const path: ChatTurn[] = [];
  for (let turn: ChatTurn | undefined = chosen; turn !== undefined; turn = byId.get(turn.parent ?? ''))
    path.unshift(turn);
  for (let turn = newestBelow(turns, chosen.id); turn !== undefined; turn = newestBelow(turns, turn.id))
    path.push(turn);
  return path.map((turn) => placeOf(turns, turn));
}

function placeOf(turns: readonly ChatTurn[], turn: ChatTurn): ChatPlace {
  const siblings = turns.filter(({ parent }) => parent === turn.parent);
  const asked = [...new Set(siblings.map(({ question }) => question))];
  return {
    turn,
    questions: asked.flatMap((question) => {
      if (question === turn.question) return [turn];
      return siblings.findLast((sibling) => sibling.question === question) ?? [];
    }),
    answers: siblings.filter(({ question }) => question === turn.question),
  };
}

function newestBelow(turns: readonly ChatTurn[], id: string): ChatTurn | undefined {
  return turns.findLast(({ parent }) => parent === id);
}

/** The answer that the next question follows: a failed or stopped one has nothing to remember. */
export function lastUsable(places: readonly Pick<ChatPlace, 'turn'>[]): string | null {
  return places.findLast(({ turn: { status } }) => status === 'completed' || status === 'incomplete')?.turn.id ?? null;
}
