import type { serverBudgetStates } from '../../../contracts/service/model-card.ts';
import { tokenMargins } from '../../../core/token-ledger.ts';
import type { Dialect } from '../client/dialect.ts';
import type { Refusals } from '../stream/refusals.ts';

/**
 * A thinking budget that the server enforces. Ours is enforced in any case; the server's saves what it would decode
 * before it notices that we left. Some servers accept the field and ignore it, so the first thoughts that reach the budget
 * verify it: they ask for a few tokens less than ours and see whether the thought ends there.
 */
export type ServerBudget = {
  /** The tokens to ask for where ours are `cap`; undefined: the field is not sent. */
  ask(cap: number): number | undefined;
  /** The thought ended after `tokens`. True if the server's budget of `asked` tokens ended it. */
  ended(asked: number | undefined, tokens: number): boolean;
  /** The thought has `tokens` by now and has not ended. */
  reached(asked: number | undefined, tokens: number): void;
  state(): (typeof serverBudgetStates)[number];
};

const { early, slack, late, shortestVerified } = tokenMargins.serverBudget;

export function createServerBudget(options: {
  dialect: Dialect;
  refusals: Refusals;
  warn(what: string): void;
}): ServerBudget {
  const { budgetFields } = options.dialect;
  let seen: 'unverified' | 'honoured' | 'ignored' = 'unverified';
  const refused = () => budgetFields.every((field) => options.refusals.has(field));
  return {
    ask(cap) {
      if (budgetFields.length === 0 || seen === 'ignored' || !Number.isFinite(cap)) return undefined;
      return seen === 'unverified' && cap >= shortestVerified ? cap - early : cap + late;
    },
    ended(asked, tokens) {
      if (asked === undefined || Math.abs(tokens - asked) > slack || refused()) return false;
      if (seen === 'unverified') seen = 'honoured';
      return true;
    },
    reached(asked, tokens) {
      if (asked === undefined || tokens <= asked + slack || seen !== 'unverified' || refused()) return;
      seen = 'ignored';
      options.warn(
        `takes "${budgetFields.join('", "')}" but does not stop thinking, so this service ends its thoughts`,
      );
    },
    state: () => (budgetFields.length === 0 ? 'none' : refused() ? 'refused' : seen),
  };
}
