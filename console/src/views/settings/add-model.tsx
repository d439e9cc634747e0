import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { ShownModelState } from '../../../../src/contracts/service/model-card.ts';
import type { ModelConfiguration, ModelsChange } from '../../../../src/contracts/service/model-configuration.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { Fault, Loading } from '../../components/states.tsx';
import { useServiceSentence } from '../../i18n/service-sentences.ts';
import { useStrings } from '../../i18n/strings.ts';
import { service } from '../../service/service.ts';
import { asFault, type ServiceFault } from '../../service/service-fault.ts';
import { tellModelsChanged } from '../../service/tab-news.ts';
import { useLoad } from '../../service/use-load.ts';
import { CheckedModel } from './checked-model.tsx';
import { FoundModels } from './found-models.tsx';
import { ModelFields } from './model-fields.tsx';
import { emptyForm, isComplete, newModel } from './new-model.ts';
import styles from './settings.module.css';
import { strings } from './strings.ts';

type StateOf = (id: string) => ShownModelState | undefined;

/** One more model: checked first, then added to the running service. `stateOf`: of the models that there are. */
export function AddModel({ stateOf }: { stateOf: StateOf }) {
  const words = useStrings(strings);
  const configuration = useLoad(service.modelConfiguration);
  // A service of an older version has no such route.
  if (configuration.state === 'failed' && configuration.fault.kind === 'missing') return null;
  return (
    <section className={styles.section}>
      <h2>{words.add}</h2>
      {configuration.state === 'loading' && <Loading />}
      {configuration.state === 'failed' && <Fault fault={configuration.fault} onRetry={configuration.reload} />}
      {configuration.state === 'ready' && <Form configuration={configuration.value} stateOf={stateOf} />}
      {configuration.state === 'ready' && <FoundModels stateOf={stateOf} />}
    </section>
  );
}

function Form({ configuration, stateOf }: { configuration: ModelConfiguration; stateOf: StateOf }) {
  const words = useStrings(strings);
  const sentence = useServiceSentence();
  const [form, setForm] = useState(emptyForm);
  const [busy, setBusy] = useState(false);
  const [change, setChange] = useState<ModelsChange>();
  const [fault, setFault] = useState<ServiceFault>();
  const element = useRef<HTMLFormElement>(null);
  const field = fault?.param?.replace(/^model\./, '');
  const isOfField = field !== undefined && field in form && field !== 'kind';

  useEffect(() => {
    if (fault !== undefined) element.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [fault]);
  const send = async (write: boolean) => {
    setBusy(true);
    setFault(undefined);
    setChange(undefined);
    try {
      const answer = await service.configureModel({ model: newModel(form), write });
      setChange(answer);
      if (!answer.written) return;
      setForm({ ...emptyForm, kind: form.kind });
      tellModelsChanged();
    } catch (error) {
      setFault(asFault(error));
    } finally {
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void send(false);
  };
  return (
    <Card className={styles.card ?? ''}>
      <p className={styles.soft}>{words.addLead}</p>
      <div>
        <Segmented
          label={words.kindLabel}
          value={form.kind}
          options={(['upstream', 'folder', 'hub'] as const).map((kind) => ({ value: kind, label: words.kinds[kind] }))}
          onChange={(kind) => {
            setForm({ ...form, kind });
            setFault(undefined);
            setChange(undefined);
          }}
        />
      </div>
      <form ref={element} className={styles.form} onSubmit={submit}>
        <ModelFields
          form={form}
          configuration={configuration}
          wrong={isOfField && fault !== undefined ? { field, message: sentence(ofField(fault.message)) } : undefined}
          onChange={(part) => setForm({ ...form, ...part })}
        />
        {fault !== undefined && !isOfField && <Fault fault={fault} />}
        {busy && <Loading>{words.checking}</Loading>}
        {change !== undefined && <CheckedModel change={change} state={stateOf(change.checked.id)} />}
        <div className={styles.actions}>
          <Button type="submit" disabled={busy || !isComplete(form)}>
            {words.check}
          </Button>
          <Button look="primary" disabled={busy || !isComplete(form)} onClick={() => send(true)}>
            {words.write}
          </Button>
        </div>
      </form>
      <details>
        <summary>{words.configured(configuration.source, configuration.file)}</summary>
        <pre className={styles.code}>{JSON.stringify({ models: configuration.entries }, undefined, 2)}</pre>
      </details>
    </Card>
  );
}

/** A message beside its field need not name it. */
function ofField(message: string): string {
  const rest = message.replace(/^Invalid '[^']*': /, '');
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}
