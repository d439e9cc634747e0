import { useState } from 'react';
import type { Evaluation } from '../../../../src/contracts/service/evaluation.ts';
import { Select } from '../../components/field.tsx';
import { Page } from '../../components/page.tsx';
import { Fault, Loading } from '../../components/states.tsx';
import { useFormat } from '../../i18n/format.ts';
import { useStrings } from '../../i18n/strings.ts';
import { service } from '../../service/service.ts';
import { useLoad } from '../../service/use-load.ts';
import { useModels } from '../../service/use-models.ts';
import { AccuracyChart } from './accuracy-chart.tsx';
import { ArmTable } from './arm-table.tsx';
import styles from './eval.module.css';
import { KindTable } from './kind-table.tsx';
import { NoResults } from './no-results.tsx';
import { PhaseChart } from './phase-chart.tsx';
import { strings } from './strings.ts';

/** What evaluations have measured: this installation's own, and those that came with it. */
export function View() {
  const words = useStrings(strings);
  const format = useFormat();
  const results = useLoad(service.evaluations);
  const [chosen, setChosen] = useState<string>();
  const models = useModels();
  const all = results.state === 'ready' && models.state !== 'loading' ? results.value.data : [];
  const served = models.state === 'ready' ? models.value.data.map(({ id }) => id) : [];
  // At first the newest of this installation, or else of a model that it has.
  const evaluation =
    all.find(({ id }) => id === chosen) ??
    all.find(({ came_with: shipped }) => shipped === null) ??
    all.find(({ model }) => served.includes(model)) ??
    all[0];
  const nameOf = ({ set, model, created_at: at, came_with: shipped }: Evaluation) => {
    const date = at === null ? [] : [format.date(at * 1000)];
    return [set, model, ...date, ...(shipped === null ? [] : [words.shipped])].join(' · ');
  };
  const factsOf = ({ came_with: shipped, arms, concurrency }: Evaluation) => {
    const most = Math.max(...arms.map(({ questions }) => questions));
    const facts = words.facts(format.number(most), format.number(concurrency));
    return shipped === null ? facts : words.shippedFacts(facts);
  };
  return (
    <Page wide title={words.title} lead={words.lead}>
      {(results.state === 'loading' || models.state === 'loading') && <Loading>{words.loading}</Loading>}
      {results.state === 'failed' && <Fault fault={results.fault} onRetry={results.reload} />}
      {results.state === 'ready' && results.value.data.length === 0 && <NoResults />}
      {evaluation !== undefined && (
        <>
          <div className={styles.choice}>
            <Select
              label={words.run}
              value={evaluation.id}
              hint={factsOf(evaluation)}
              options={all.map((one) => ({ value: one.id, label: nameOf(one) }))}
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
