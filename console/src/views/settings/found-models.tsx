import { Plus, Search } from 'lucide-react';
import { useState } from 'react';
import type { FoundModel } from '../../../../src/contracts/service/found-models.ts';
import type { ShownModelState } from '../../../../src/contracts/service/model-card.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Fault, Loading } from '../../components/states.tsx';
import { useFormat } from '../../i18n/format.ts';
import { useServiceSentence } from '../../i18n/service-sentences.ts';
import { useStrings } from '../../i18n/strings.ts';
import { service } from '../../service/service.ts';
import { asFault, type ServiceFault } from '../../service/service-fault.ts';
import { tellModelsChanged } from '../../service/tab-news.ts';
import styles from './settings.module.css';
import { strings } from './strings.ts';

/** Models that the service's machine has; looked for when that is asked for. */
export function FoundModels({ stateOf }: { stateOf(id: string): ShownModelState | undefined }) {
  const words = useStrings(strings);
  const [found, setFound] = useState<readonly FoundModel[]>();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<ServiceFault>();
  const act = async (what: () => Promise<void>) => {
    setBusy(true);
    setFault(undefined);
    try {
      await what();
    } catch (error) {
      setFault(asFault(error));
    } finally {
      setBusy(false);
    }
  };
  const look = () =>
    act(async () => {
      setFound((await service.foundModels()).data);
    });
  const add = (model: FoundModel['model']) =>
    act(async () => {
      await service.configureModel({ model, write: true });
      tellModelsChanged();
    });
  return (
    <Card className={styles.card ?? ''}>
      <h3 className={styles.modelName}>{words.found}</h3>
      <p className={styles.soft}>{words.foundLead}</p>
      <div className={styles.actions}>
        <Button icon={<Search aria-hidden="true" />} disabled={busy} onClick={look}>
          {words.look}
        </Button>
      </div>
      {busy && <Loading />}
      {fault !== undefined && <Fault fault={fault} />}
      {found?.length === 0 && <p role="status">{words.foundNone}</p>}
      {found?.map((model) => (
        <Found
          key={`${model.place} ${model.id}`}
          model={model}
          isAdded={stateOf(model.id) !== undefined}
          onAdd={busy ? undefined : () => add(model.model)}
        />
      ))}
    </Card>
  );
}

function Found({ model, isAdded, onAdd }: { model: FoundModel; isAdded: boolean; onAdd: (() => void) | undefined }) {
  const words = useStrings(strings);
  const sentence = useServiceSentence();
  const format = useFormat();
  const { id, place, bytes, family, context_length: context, capabilities: can, notice } = model;
  const facts = [
    bytes !== null && `${format.bytes(bytes)}.`,
    family !== null && words.familyIs(family),
    context !== null && words.contextIs(format.number(context)),
  ];
  const gives = (['exact_budget', 'rollback', 'batching', 'score', 'tools'] as const).filter((name) => can?.[name]);
  return (
    <section aria-label={id}>
      <header className={styles.head}>
        <h4 className={styles.modelName}>{id}</h4>
        {can !== null && (
          <Button
            size="small"
            icon={<Plus aria-hidden="true" />}
            aria-label={`${words.write}: ${id}`}
            disabled={isAdded || onAdd === undefined}
            onClick={onAdd}
          >
            {isAdded ? words.foundAdded : words.write}
          </Button>
        )}
      </header>
      <p className={styles.soft}>{place}</p>
      <p className={styles.soft}>{facts.filter(Boolean).join(' ')}</p>
      {can !== null && (
        <ul className={styles.chips}>
          {gives.map((name) => (
            <li key={name}>{words.capabilities[name]}</li>
          ))}
          {can.compute && <li>{words.computes}</li>}
        </ul>
      )}
      {notice !== null && <p>{sentence(notice)}</p>}
    </section>
  );
}
