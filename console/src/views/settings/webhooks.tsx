import { type FormEvent, useState } from 'react';
import type { KeyWebhook } from '../../../../src/contracts/service/webhook.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { TextField } from '../../components/field.tsx';
import { Fault, Loading } from '../../components/states.tsx';
import { useStrings } from '../../i18n/strings.ts';
import { service } from '../../service/service.ts';
import { asFault, type ServiceFault } from '../../service/service-fault.ts';
import { useLoad } from '../../service/use-load.ts';
import { Deliveries } from './deliveries.tsx';
import styles from './settings.module.css';
import { strings } from './strings.ts';

/** The key's own webhook with the secret that signs; for `admin` also what was delivered. */
export function Webhooks({ admin }: { admin: boolean }) {
  const words = useStrings(strings);
  const webhook = useLoad(service.webhook);
  // A service of an older version has none.
  if (webhook.state === 'failed' && webhook.fault.kind === 'missing') return null;
  return (
    <section className={styles.section}>
      <h2>{words.hooks}</h2>
      {webhook.state === 'loading' && <Loading />}
      {webhook.state === 'failed' && <Fault fault={webhook.fault} onRetry={webhook.reload} />}
      {webhook.state === 'ready' && <Own first={webhook.value} />}
      {admin && <Deliveries />}
    </section>
  );
}

function Own({ first }: { first: KeyWebhook }) {
  const words = useStrings(strings);
  const [hook, setHook] = useState(first);
  const [url, setUrl] = useState(first.url ?? '');
  const [shown, setShown] = useState(false);
  const [told, setTold] = useState('');
  const [fault, setFault] = useState<ServiceFault>();
  const change = async (made: Promise<KeyWebhook>, words: string) => {
    setFault(undefined);
    setTold('');
    try {
      setHook(await made);
      setTold(words);
    } catch (error) {
      setFault(asFault(error));
    }
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    void change(service.setWebhook(url.trim() === '' ? null : url.trim()), words.hookSaved);
  };
  return (
    <Card className={styles.card ?? ''}>
      <p className={styles.soft}>{words.hookLead}</p>
      <form className={styles.inline} onSubmit={save}>
        <TextField
          type="url"
          label={words.hookUrl}
          hint={words.hookUrlHint}
          placeholder="https://"
          aria-invalid={fault?.param === 'url'}
          value={url}
          onChange={(event) => setUrl(event.target.value)}
        />
        <Button type="submit" disabled={url.trim() === (hook.url ?? '')}>
          {words.hookSave}
        </Button>
      </form>
      {fault !== undefined && <Fault fault={fault} />}
      {hook.secret !== null && (
        <div className={styles.secretRow}>
          <span className={styles.soft}>{words.hookSecret}</span>
          <code>{shown ? hook.secret : `${hook.secret.slice(0, 6)}${'•'.repeat(16)}`}</code>
          <Button size="small" look="quiet" aria-pressed={shown} onClick={() => setShown(!shown)}>
            {shown ? words.hookHide : words.hookShow}
          </Button>
          <Button size="small" onClick={() => change(service.rotateWebhook(), words.hookRotated)}>
            {words.hookRotate}
          </Button>
        </div>
      )}
      <p role="status" className={styles.soft}>
        {told}
      </p>
    </Card>
  );
}
