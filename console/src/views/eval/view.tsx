import { useState } from 'react';
import { Select } from '../../components/field.tsx';
import { Page } from '../../components/page.tsx';
import { Fault, Loading } from '../../components/states.tsx';
import { useFormat } from '../../i18n/format.ts';
import { useStrings } from '../../i18n/strings.ts';
import { service } from '../../service/service.ts';
import { useLoad } from '../../service/use-load.ts';
import { AccuracyChart } from './accuracy-chart.tsx';
import { ArmTable } from './arm-table.tsx';
import styles from './eval.module.css';
import { KindTable } from './kind-table.tsx';
import { NoResults } from './no-results.tsx';
import { PhaseChart } from './phase-chart.tsx';
import { strings } from './strings.ts';

/** What evaluations of this installation have measured. */
export function View() {
  const words = useStrings(strings);
  const format = useFormat();
  const results = useLoad(service.evaluations);
  const [chosen, setChosen] = useState<string>();
  const all = results.state === 'ready' ? results.value.data : [];
  const evaluation = all.find(({ id }) => id === chosen) ?? all[0];
  return (
    <Page wide title={words.title} lead={words.lead}>
      {results.state === 'loading' && <Loading>{words.loading}</Loading>}
      {results.state === 'failed' && <Fault fault={results.fault} onRetry={results.reload} />}
      {results.state === 'ready' && evaluation === undefined && <NoResults />}
      {evaluation !== undefined && (
        <>
          <div className={styles.choice}>
            <Select
              label={words.run}
              value={evaluation.id}
              hint={words.facts(
                format.number(Math.max(...evaluation.arms.map(({ questions }) => questions))),
                format.number(evaluation.concurrency),
              )}
              options={all.map(({ id, set, model, created_at: at }) => ({
                value: id,
                label: words.runName(set, model, format.time(at * 1000)),
              }))}
              onChange={(event) => setChosen(event.target.value)}
            />
          </div>
          <div className={styles.charts}>
            <AccuracyChart arms={evaluation.arms} />
            <PhaseChart key={evaluation.id} arms={evaluation.arms} />
          </div>
          <ArmTable arms={evaluation.arms} />
          <KindTable arms={evaluation.arms} />
        </>
      )}
    </Page>
  );
}
