import { Page } from '../../components/page.tsx';
import { Faults, Loading } from '../../components/states.tsx';
import { useStrings } from '../../i18n/strings.ts';
import { service } from '../../service/service.ts';
import { useLoad } from '../../service/use-load.ts';
import { useModels } from '../../service/use-models.ts';
import { AddModel } from './add-model.tsx';
import { CallerCard } from './caller-card.tsx';
import { Keys } from './keys.tsx';
import { Models } from './models.tsx';
import styles from './settings.module.css';
import { strings } from './strings.ts';
import { Webhooks } from './webhooks.tsx';

/** The reader's key and what it may do, the models, and for `admin` what can be changed. */
export function View() {
  const words = useStrings(strings);
  const caller = useLoad(service.caller);
  const models = useModels();
  const admin = caller.state === 'ready' && caller.value.scopes.admin;
  const all = models.state === 'ready' ? [...models.value.data, ...(models.value.pending ?? [])] : [];
  return (
    <Page title={words.title} lead={words.lead} actions={<a href="/docs">{words.reference}</a>}>
      {caller.state === 'loading' && <Loading>{words.loading}</Loading>}
      <Faults
        faults={[
          { fault: caller.state === 'failed' ? caller.fault : undefined, onRetry: caller.reload },
          { fault: models.state === 'failed' ? models.fault : undefined, onRetry: models.reload },
        ]}
      />
      {caller.state === 'ready' && <CallerCard caller={caller.value} />}
      <section className={styles.section}>
        <h2>{words.models}</h2>
        {models.state === 'loading' && <Loading />}
        {models.state === 'ready' && <Models models={models.value} admin={admin} />}
      </section>
      {admin && <AddModel stateOf={(id) => all.find((model) => model.id === id)} />}
      {admin && <Keys />}
      {caller.state === 'ready' && <Webhooks admin={admin} />}
    </Page>
  );
}
