import type { ReactNode } from 'react';
import type { ModelObject } from '../../../../src/contracts/service/listings.ts';
import { Badge } from '../../components/badge.tsx';
import { Card } from '../../components/card.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { useFormat } from '../../i18n/format.ts';
import { useStrings } from '../../i18n/strings.ts';
import styles from './settings.module.css';
import { strings } from './strings.ts';

const levels = ['low', 'medium', 'high', 'xhigh', 'max'] as const;

/** A model: what it can, and what each effort of it spends. */
export function ModelCardView({
  model,
  isDefault,
  state,
  actions,
}: {
  model: ModelObject;
  isDefault: boolean;
  state: ReactNode;
  actions: ReactNode;
}) {
  const words = useStrings(strings);
  const format = useFormat();
  const { effort_table: table, capabilities } = model;
  const can = Object.entries(words.capabilities).filter(([name]) =>
    Object.entries(capabilities).some(([capability, value]) => capability === name && value === true),
  );
  const { columns } = words;
  const name = (effort: string) => (
    <>
      {effort}
      {effort === model.default_effort && <span className={styles.soft}> {words.defaultEffort}</span>}
    </>
  );
  return (
    <Card className={styles.card ?? ''}>
      <header className={styles.head}>
        <div>
          <h3 className={styles.modelName}>
            {model.id} {isDefault && <Badge look="accent">{words.isDefault}</Badge>}
          </h3>
          <p className={styles.soft}>
            {model.family} · {model.implementation} · {words.context(format.number(model.context_length))}
          </p>
          {state}
        </div>
        {actions}
      </header>
      <ul className={styles.chips}>
        {can.map(([capability, label]) => (
          <li key={capability}>{label}</li>
        ))}
        {capabilities.constraints.length > 0 && (
          <li>
            {words.constraints}: {capabilities.constraints.join(', ')}
          </li>
        )}
      </ul>
      <ScrollRegion className={styles.scroll} label={words.efforts(model.id)}>
        <table className={styles.table}>
          <thead>
            <tr>
              {[columns.effort, columns.strategy].map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
              {[columns.budget, columns.samples, columns.agree, columns.revisions].map((column) => (
                <th key={column} scope="col" className={styles.end}>
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">{name('none')}</th>
              <td colSpan={5} className={styles.soft}>
                {words.fastRow}
              </td>
            </tr>
            {levels.map((level) => {
              const { strategy, budget_tokens, samples, agree, max_revisions } = table.levels[level];
              return (
                <tr key={level}>
                  <th scope="row">{name(level)}</th>
                  <td>{strategy}</td>
                  <td className={styles.end}>{format.number(budget_tokens)}</td>
                  <td className={styles.end}>{format.number(samples)}</td>
                  <td className={styles.end}>{format.number(agree)}</td>
                  <td className={styles.end}>{format.number(max_revisions)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </ScrollRegion>
      <p className={styles.soft}>
        {table.calibrated === null
          ? words.notCalibrated
          : words.calibrated(table.calibrated.at.slice(0, 10), format.number(table.calibrated.questions))}
      </p>
    </Card>
  );
}
