import type { PhaseTokens } from '../../../../src/contracts/responses/usage.ts';
import { useFormat } from '../../i18n/format.ts';
import { phaseNames } from '../../i18n/statuses.ts';
import { useStrings } from '../../i18n/strings.ts';
import { strings } from './strings.ts';
import styles from './token-split.module.css';

const order = ['draft', 'think', 'check', 'revise', 'forced', 'discarded', 'answer'] as const;

/** All tokens of a response as one bar, by what they were for. */
export function TokenSplit({ phases }: { phases: PhaseTokens }) {
  const words = useStrings(strings);
  const names = useStrings(phaseNames);
  const format = useFormat();
  const total = order.reduce((sum, phase) => sum + phases[phase], 0);
  const parts = order.filter((phase) => phases[phase] > 0);
  return (
    <figure className={styles.split}>
      <figcaption>{words.spent}</figcaption>
      <div className={styles.bar} aria-hidden="true">
        {parts.map((phase) => (
          <i key={phase} data-phase={phase} style={{ flexGrow: phases[phase] / total }} />
        ))}
      </div>
      <ul className={styles.legend}>
        {parts.map((phase) => (
          <li key={phase}>
            <i data-phase={phase} aria-hidden="true" />
            {names[phase]} <b>{format.number(phases[phase])}</b>
            <span>{format.percent(phases[phase] / total)}</span>
          </li>
        ))}
      </ul>
    </figure>
  );
}
