import { useState } from 'react';
import type { EvaluationArm } from '../../../../src/contracts/service/evaluation.ts';
import { Card } from '../../components/card.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { useFormat } from '../../i18n/format.ts';
import { useStrings } from '../../i18n/strings.ts';
import { waterfall } from './accuracy-scale.ts';
import { useArmName } from './arm-name.ts';
import styles from './eval.module.css';
import { strings } from './strings.ts';

/** A waterfall: the share of right answers after each phase, and how many it put right or lost. */
export function PhaseChart({ arms }: { arms: readonly EvaluationArm[] }) {
  const words = useStrings(strings);
  const format = useFormat();
  const nameOfArm = useArmName();
  const thinking = arms.filter((arm) => waterfall(arm).length > 0);
  const [chosen, setChosen] = useState<string>();
  const arm = thinking.find((one) => one.arm === chosen) ?? thinking.at(-1);
  // Levels other than auto write no draft: then it counts as nothing right.
  const steps = arm === undefined ? [] : waterfall(arm).filter(({ phase, to }) => phase !== 'draft' || to > 0);
  const nameOf = (phase: string) => Object.entries(words.phaseNames).find(([name]) => name === phase)?.[1] ?? phase;
  return (
    <Card className={styles.card ?? ''}>
      <header>
        <h2>{words.phases}</h2>
        <p className={styles.soft}>
          {steps.length === 0 ? words.noPhases : words.phasesLead(format.number(steps[0]?.questions ?? 0))}
        </p>
      </header>
      {arm !== undefined && thinking.length > 1 && (
        <div>
          <Segmented
            size="small"
            label={words.phasesArm}
            value={arm.arm}
            options={thinking.map((one) => ({ value: one.arm, label: nameOfArm(one.arm) }))}
            onChange={setChosen}
          />
        </div>
      )}
      <ol className={styles.waterfall}>
        {steps.map(({ phase, from, to, gained, lost }, index) => (
          <li key={phase}>
            <span className={styles.phase}>{nameOf(phase)}</span>
            <b className={styles.share}>{format.percent(to)}</b>
            <span className={styles.track} aria-hidden="true">
              <i className={styles.held} style={{ width: `${Math.min(from, to) * 100}%` }} />
              <i
                className={to >= from ? styles.up : styles.down}
                style={{ left: `${Math.min(from, to) * 100}%`, width: `${Math.abs(to - from) * 100}%` }}
              />
            </span>
            <span className={styles.moved}>
              {index > 0 && gained === 0 && lost === 0 && words.unchanged}
              {gained > 0 && <em data-way="up">{words.gained(gained)}</em>}
              {lost > 0 && <em data-way="down">{words.lost(lost)}</em>}
            </span>
          </li>
        ))}
      </ol>
    </Card>
  );
}
