import { useStrings } from '../../i18n/strings.ts';
import { strings } from './strings.ts';

/** An arm as readers know it: `none` is the fast answer, `greedy` one greedy chain; others have their own name. */
export function useArmName(): (arm: string) => string {
  const { arms } = useStrings(strings);
  return (arm) => (arm === 'none' ? arms.none : arm === 'greedy' ? arms.greedy : arm);
}
