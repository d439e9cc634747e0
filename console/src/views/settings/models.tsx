import { Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { ModelList } from '../../../../src/contracts/service/listings.ts';
import type { ShownModelState } from '../../../../src/contracts/service/model-card.ts';
import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Fault } from '../../components/states.tsx';
import { useServiceSentence } from '../../i18n/service-sentences.ts';
import { useStrings } from '../../i18n/strings.ts';
import { service } from '../../service/service.ts';
import { asFault, type ServiceFault } from '../../service/service-fault.ts';
import { tellModelsChanged } from '../../service/tab-news.ts';
import { ModelCardView } from './model-card.tsx';
import styles from './settings.module.css';
import { strings } from './strings.ts';

/** All models, those that are still being loaded too. An admin removes those that were added. */
export function Models({ models, admin }: { models: ModelList; admin: boolean }) {
  const words = useStrings(strings);
  const [removing, setRemoving] = useState<string>();
  const actions = ({ id, source }: ShownModelState & { id: string }) =>
    admin &&
    source === 'added' && (
      <Button
        look="danger"
        size="small"
        icon={<Trash2 aria-hidden="true" />}
        aria-label={`${words.remove}: ${id}`}
        onClick={() => setRemoving(id)}
      >
        {words.remove}
      </Button>
    );
  return (
    <>
      {models.data.map((model, index) => (
        <ModelCardView
          key={model.id}
          model={model}
          isDefault={index === 0}
          state={<State state={model} />}
          actions={actions(model)}
        />
      ))}
      {models.pending?.map((model) => (
        <Card key={model.id} className={styles.card ?? ''}>
          <header className={styles.head}>
            <div>
              <h3 className={styles.modelName}>{model.id}</h3>
              <State state={model} />
            </div>
            {actions(model)}
          </header>
        </Card>
      ))}
      {removing !== undefined && <RemoveModel id={removing} onClose={() => setRemoving(undefined)} />}
    </>
  );
}

/** Where a model comes from, and how far it is. */
function State({ state: { source, status = 'ready', reason, percent } }: { state: ShownModelState }) {
  const words = useStrings(strings);
  const sentence = useServiceSentence();
  if (source === undefined) return null;
  return (
    <p className={styles.soft}>
      {words.sources[source]}{' '}
      {status !== 'ready' && (
        <span role="status">
          <Badge look={status === 'failed' ? 'bad' : 'accent'}>
            {words.statuses[status]}
            {typeof percent === 'number' && ` ${percent} %`}
          </Badge>{' '}
          {typeof reason === 'string' && sentence(reason)}
        </span>
      )}
    </p>
  );
}

function RemoveModel({ id, onClose }: { id: string; onClose(): void }) {
  const words = useStrings(strings);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<ServiceFault>();
  const remove = async () => {
    setBusy(true);
    setFault(undefined);
    try {
      await service.removeModel(id);
      onClose();
    } catch (error) {
      const failed = asFault(error);
      // Another admin was faster.
      if (failed.kind === 'missing') onClose();
      else setFault(failed);
    } finally {
      setBusy(false);
      tellModelsChanged();
    }
  };
  return (
    <Dialog title={words.removeTitle(id)} onClose={onClose}>
      <p>{words.removeText}</p>
      {fault !== undefined && <Fault fault={fault} />}
      <div className={styles.actions}>
        <Button onClick={onClose}>{words.keep}</Button>
        <Button look="danger" icon={<Trash2 aria-hidden="true" />} disabled={busy} onClick={remove}>
          {words.remove}
        </Button>
      </div>
    </Dialog>
  );
}
