import type { EvaluationArm } from '../../../../src/contracts/service/evaluation.ts';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { useFormat } from '../../i18n/format.ts';
import { useStrings } from '../../i18n/strings.ts';
import { useArmName } from './arm-name.ts';
import styles from './eval.module.css';
import { strings } from './strings.ts';

/** Each kind of question against each way of asking: the fuller the cell, the more came out right. */
export function KindTable({ arms }: { arms: readonly EvaluationArm[] }) {
  const words = useStrings(strings);
  const format = useFormat();
  const nameOf = useArmName();
  const kinds = [...new Set(arms.flatMap((arm) => arm.kinds.map(({ kind }) => kind)))].sort();
  if (kinds.length < 2) return null;
  return (
    <div className={styles.tableHolder}>
      <h2>{words.kinds}</h2>
      <ScrollRegion className={styles.scroll} label={words.kinds}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{words.kind}</th>
              {arms.map(({ arm }) => (
                <th key={arm} scope="col">
                  {nameOf(arm)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {kinds.map((kind) => (
              <tr key={kind}>
                <th scope="row">{kind}</th>
                {arms.map((arm) => {
                  const score = arm.kinds.find((one) => one.kind === kind);
                  if (score === undefined || score.questions === 0) return <td key={arm.arm}>–</td>;
                  const share = score.right / score.questions;
                  return (
                    <td key={arm.arm} className={styles.cell} title={words.kindCell(score.right, score.questions)}>
                      <i aria-hidden="true" style={{ transform: `scaleX(${share})` }} />
                      <span>{format.percent(share)}</span>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </div>
  );
}
