import type { EvaluationArm, PairedDifference } from '../../../../src/contracts/service/evaluation.ts';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { useFormat } from '../../i18n/format.ts';
import { useStrings } from '../../i18n/strings.ts';
import { usePreferences } from '../../preferences.ts';
import { useArmName } from './arm-name.ts';
import styles from './eval.module.css';
import { strings } from './strings.ts';

/** Every figure of the charts, and those that no chart has. */
export function ArmTable({ arms }: { arms: readonly EvaluationArm[] }) {
  const words = useStrings(strings);
  const format = useFormat();
  const { language } = usePreferences();
  const nameOf = useArmName();
  const tenths = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const signed = new Intl.NumberFormat(language, {
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
    signDisplay: 'always',
  });
  const share = (value: number) => `${tenths.format(100 * value)} %`;
  const difference = (held: PairedDifference | null) =>
    held === null ? (
      '–'
    ) : (
      <>
        <b data-way={held.low > 0 ? 'up' : held.high < 0 ? 'down' : 'none'}>{signed.format(100 * held.value)}</b>{' '}
        <span className={styles.soft}>
          {signed.format(100 * held.low)} – {signed.format(100 * held.high)}
        </span>
      </>
    );
  const { columns } = words;
  // A baseline that was not run leaves nothing to hold against it.
  const fast = arms.some((arm) => arm.against_fast !== null);
  const greedy = arms.some((arm) => arm.against_greedy !== null);
  return (
    <div className={styles.tableHolder}>
      <h2>{words.table}</h2>
      <ScrollRegion className={styles.scroll} label={words.table}>
        <table className={styles.table}>
          <thead>
            <tr>
              {[
                columns.arm,
                columns.questions,
                columns.accuracy,
                columns.interval,
                ...(fast ? [columns.fast] : []),
                ...(greedy ? [columns.greedy] : []),
                columns.tokens,
                columns.thinking,
                columns.seconds,
                columns.median,
              ].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {arms.map((arm) => (
              <tr key={arm.arm}>
                <th scope="row">{nameOf(arm.arm)}</th>
                <td>{format.number(arm.questions)}</td>
                <td>
                  <b>{share(arm.accuracy.value)}</b>
                </td>
                <td className={styles.soft}>
                  {tenths.format(100 * arm.accuracy.low)} – {tenths.format(100 * arm.accuracy.high)}
                </td>
                {fast && <td>{difference(arm.against_fast)}</td>}
                {greedy && <td>{difference(arm.against_greedy)}</td>}
                <td>{format.number(Math.round(arm.output_tokens))}</td>
                <td>{format.number(Math.round(arm.thinking_tokens))}</td>
                <td>{tenths.format(arm.seconds)}</td>
                <td>{tenths.format(arm.seconds_median)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </div>
  );
}
