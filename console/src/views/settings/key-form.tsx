import { type FormEvent, useState } from 'react';
import type { CreatedApiKey, NewApiKey } from '../../../../src/contracts/service/api-key.ts';
import { Button } from '../../components/button.tsx';
import { Select, TextField } from '../../components/field.tsx';
import { Fault } from '../../components/states.tsx';
import { useStrings } from '../../i18n/strings.ts';
import { service } from '../../service/service.ts';
import { asFault, type ServiceFault } from '../../service/service-fault.ts';
import styles from './settings.module.css';
import { strings } from './strings.ts';

const empty = {
  name: '',
  trace: 'trace:none',
  feedback: true,
  admin: false,
  'tools:run': false,
  rpm: '',
  concurrent: '',
  daily: '',
};
/** A first key that is not its owner's would lock everybody out of the console. */
const owners = { ...empty, trace: 'trace:full', admin: true, 'tools:run': true };
const traces = ['trace:none', 'trace:summary', 'trace:full'] as const;

/** Makes a key, which waits for its confirmation; its secret is handed on once. The `first` one is an owner's. */
export function KeyForm({ first, onCreated }: { first: boolean; onCreated(key: CreatedApiKey): void }) {
  const words = useStrings(strings);
  const [form, setForm] = useState(first ? owners : empty);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<ServiceFault>();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFault(undefined);
    try {
      onCreated(await service.createKey(newKey(form)));
      setForm(first ? owners : empty);
    } catch (error) {
      setFault(asFault(error));
    } finally {
      setBusy(false);
    }
  };
  const number = (name: 'rpm' | 'concurrent' | 'daily') => (
    <TextField
      label={words.limits[name]}
      inputMode="numeric"
      pattern="[0-9]*"
      placeholder={words.unlimited}
      value={form[name]}
      onChange={(event) => setForm({ ...form, [name]: event.target.value.replace(/\D/g, '') })}
    />
  );
  return (
    <form className={styles.form} onSubmit={submit}>
      <div className={styles.fields}>
        <TextField
          label={words.keyName}
          hint={words.keyNameHint}
          required
          maxLength={64}
          autoComplete="off"
          value={form.name}
          onChange={(event) => setForm({ ...form, name: event.target.value })}
        />
        <Select
          label={words.thoughtsLabel}
          value={form.trace}
          disabled={first}
          options={traces.map((scope) => ({ value: scope, label: words.scopeNames[scope] }))}
          onChange={(event) => setForm({ ...form, trace: event.target.value })}
        />
        {number('rpm')}
        {number('concurrent')}
        {number('daily')}
        <fieldset className={styles.boxes}>
          <legend>{words.scopes}</legend>
          {(['feedback', 'admin', 'tools:run'] as const).map((scope) => (
            <label key={scope}>
              <input
                type="checkbox"
                checked={form[scope]}
                disabled={first && scope === 'admin'}
                onChange={(event) => setForm({ ...form, [scope]: event.target.checked })}
              />
              {words.scopeNames[scope]}
            </label>
          ))}
        </fieldset>
      </div>
      {first && <p className={styles.soft}>{words.firstKey}</p>}
      {fault !== undefined && <Fault fault={fault} />}
      <div className={styles.actions}>
        <Button type="submit" disabled={busy || form.name.trim() === ''}>
          {words.create}
        </Button>
      </div>
    </form>
  );
}

function newKey(form: typeof empty): NewApiKey {
  const limit = (text: string) => (text === '' ? null : Number(text));
  return {
    name: form.name.trim(),
    confirm: true,
    scopes: [
      traces.find((scope) => scope === form.trace) ?? 'trace:none',
      ...(form.feedback ? ['feedback' as const] : []),
      ...(form.admin ? ['admin' as const] : []),
      ...(form['tools:run'] ? ['tools:run' as const] : []),
    ],
    requests_per_minute: limit(form.rpm),
    concurrent_responses: limit(form.concurrent),
    tokens_per_day: limit(form.daily),
  };
}
