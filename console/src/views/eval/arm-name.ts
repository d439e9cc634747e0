import { useStrings } from '../../i18n/strings.ts';
import { strings } from './strings.ts';

const majority = /:strategy=self-consistency:samples=(\d+):adaptive=false$/;

/**
 * An arm as readers know it: `none` is the fast answer, `greedy` one greedy chain, and the two that levels are compared
 * with at equal tokens have a name; others are told as they were asked: `high, samples=2`.
 */
export function useArmName(): (arm: string) => string {
  const { arms } = useStrings(strings);
  return (arm) => {
    if (arm === 'none') return arms.none;
    if (arm === 'greedy') return arms.greedy;
    if (arm.endsWith(':strategy=budget-forcing:samples=1')) return arms.chain;
    const chains = majority.exec(arm)?.[1];
    return chains === undefined ? arm.replaceAll(':', ', ') : arms.majority(chains);
  };
}
