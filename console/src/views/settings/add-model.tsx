import { type FormEvent, useState } from 'react';
import type { ModelConfiguration, ModelsChange } from '../../../../src/contracts/service/model-configuration.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { Fault, Loading } from '../../components/states.tsx';
import { useStrings } from '../../i18n/strings.ts';
import { service } from '../../service/service.ts';
import { asFault, type ServiceFault } from '../../service/service-fault.ts';
import { useLoad } from '../../service/use-load.ts';
import { CheckedModel } from './checked-model.tsx';
import { ModelFields } from './model-fields.tsx';
import { emptyForm, isComplete, newModel } from './new-model.ts';
import styles from './settings.module.css';
import { strings } from './strings.ts';

/** One more model for the next start: checked first, then written to the service's configuration file. */
export function AddModel() {
  const words = useStrings(strings);
  const configuration = useLoad(service.modelConfiguration);
  // A service of an older version has no such route.
  if (configuration.state === 'failed' && configuration.fault.kind === 'missing') return null;
  return (
    <section className={styles.section}>
      <h2>{words.add}</h2>
      {configuration.state === 'loading' && <Loading />}
      {configuration.state === 'failed' && <Fault fault={configuration.fault} onRetry={configuration.reload} />}
      {configuration.state === 'ready' && <Form configuration={configuration.value} onWritten={configuration.reload} />}
    </section>
  );
}

function Form({ configuration, onWritten }: { configuration: ModelConfiguration; onWritten(): void }) {
  const words = useStrings(strings);
  const [form, setForm] = useState(emptyForm);
  const [busy, setBusy] = useState(false);
  const [change, setChange] = useState<ModelsChange>();
  const [fault, setFault] = useState<ServiceFault>();
  const byVariable = configuration.source === 'variable';

  const send = async (write: boolean) => {
    setBusy(true);
    setFault(undefined);
    setChange(undefined);
    try {
      const answer = await service.configureModel({ model: newModel(form), write });
      setChange(answer);
      if (!answer.written) return;
      setForm({ ...emptyForm, kind: form.kind });
      onWritten();
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
      <p className={styles.soft}>
        {byVariable ? words.fromVariable(configuration.file) : words.addLead(configuration.file)}
      </p>
      <div>
        <Segmented
          label={words.kindLabel}
          value={form.kind}
          options={(['folder', 'hub', 'upstream'] as const).map((kind) => ({ value: kind, label: words.kinds[kind] }))}
          onChange={(kind) => {
            setForm({ ...form, kind });
            setFault(undefined);
            setChange(undefined);
          }}
        />
      </div>
      <form className={styles.form} onSubmit={submit}>
        <ModelFields
          form={form}
          configuration={configuration}
          wrong={fault?.param?.replace(/^model\./, '')}
          onChange={(part) => setForm({ ...form, ...part })}
        />
        {fault !== undefined && <Fault fault={fault} />}
        {busy && <Loading>{words.checking}</Loading>}
        {change !== undefined && <CheckedModel change={change} />}
        <div className={styles.actions}>
          <Button type="submit" disabled={busy || !isComplete(form)}>
            {words.check}
          </Button>
          {!byVariable && (
            <Button look="primary" disabled={busy || !isComplete(form)} onClick={() => send(true)}>
              {words.write}
            </Button>
          )}
        </div>
      </form>
      <details>
        <summary>{words.nextStart}</summary>
        <pre className={styles.code}>{JSON.stringify({ models: configuration.entries }, undefined, 2)}</pre>
      </details>
    </Card>
  );
}
