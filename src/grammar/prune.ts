import type { Derivatives } from './derivative.ts';
import type { Arena, Expression } from './expression.ts';

/** The same language without the parts that hold no text, so that no path leads to a dead end; the arena's rules too. */
export function prune(arena: Arena, { holdsText }: Derivatives, root: Expression): Expression {
  const productive = productiveRules(arena, holdsText);
  const memo = new Map<Expression, Expression>();
  function pruned(expression: Expression): Expression {
    const known = memo.get(expression);
    if (known) return known;
    const result = rebuilt(expression);
    memo.set(expression, result);
    return result;
  }
  function rebuilt(expression: Expression): Expression {
    switch (expression.kind) {
      case 'sequence':
        return arena.sequence(pruned(expression.first), pruned(expression.rest));
      case 'alternatives':
        return arena.alternatives(expression.options.map(pruned));
      case 'repeat':
        return arena.repeat(pruned(expression.inner), expression.minimum, expression.maximum);
      case 'both':
      case 'complement':
        return holdsText(expression) ? expression : arena.empty;
      case 'call':
        return productive.has(expression.rule) ? expression : arena.empty;
      case 'empty':
      case 'epsilon':
      case 'bytes':
      case 'automaton':
        return expression;
      default:
        return expression satisfies never;
    }
  }
  for (const [rule, body] of arena.rules) arena.rules.set(rule, pruned(body));
  return pruned(root);
}

/** Rules that some finite text fulfils: the least fixed point. */
function productiveRules(arena: Arena, holdsText: (expression: Expression) => boolean): ReadonlySet<string> {
  const productive = new Set<string>();
  for (let before = -1; before < productive.size; ) {
    before = productive.size;
    const memo = new Map<Expression, boolean>();
    const isProductive = (expression: Expression): boolean => {
      const known = memo.get(expression);
      if (known !== undefined) return known;
      const result = judged(expression);
      memo.set(expression, result);
      return result;
    };
    const judged = (expression: Expression): boolean => {
      switch (expression.kind) {
        case 'sequence':
          return isProductive(expression.first) && isProductive(expression.rest);
        case 'alternatives':
          return expression.options.some(isProductive);
        case 'repeat':
          return expression.minimum === 0 || isProductive(expression.inner);
        case 'call':
          return productive.has(expression.rule);
        default:
          return holdsText(expression);
      }
    };
    for (const [rule, body] of arena.rules) if (isProductive(body)) productive.add(rule);
  }
  return productive;
}
