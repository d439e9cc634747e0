import { Ban } from 'lucide-react';
import { useState } from 'react';
import type { ApiKey, CreatedApiKey } from '../../../../src/contracts/service/api-key.ts';
import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { Fault, Loading } from '../../components/states.tsx';
import { useFormat } from '../../i18n/format.ts';
import { useStrings } from '../../i18n/strings.ts';
import { setPreferences } from '../../preferences.ts';
import { service } from '../../service/service.ts';
import { asFault, type ServiceFault } from '../../service/service-fault.ts';
import { useLoad } from '../../service/use-load.ts';
import { KeyForm } from './key-form.tsx';
import { SecretDialog } from './secret-dialog.tsx';
import styles from './settings.module.css';
import { strings } from './strings.ts';

/** The keys of the service: who may ask, what they may see, how much they may use. */
export function Keys() {
  const words = useStrings(strings);
  const keys = useLoad(service.keys);
  const [created, setCreated] = useState<CreatedApiKey>();
  const [revoking, setRevoking] = useState<ApiKey>();
  const [fault, setFault] = useState<ServiceFault>();

  const revoke = async ({ id }: ApiKey) => {
    setRevoking(undefined);
    setFault(undefined);
    try {
      await service.revokeKey(id);
    } catch (error) {
      setFault(asFault(error));
    } finally {
      keys.reload();
    }
  };
  /** None has ever worked: the next one closes the service. */
  const first = keys.state === 'ready' && keys.value.data.every(({ unconfirmed }) => unconfirmed === true);
  const away = keys.state === 'failed' && keys.fault.kind === 'missing';
  return (
    <section className={styles.section}>
      <h2>{words.keys}</h2>
      <Card className={styles.card ?? ''}>
        <p className={styles.soft}>{away ? words.keysAway : words.keysLead}</p>
        {keys.state === 'loading' && <Loading />}
        {keys.state === 'failed' && !away && <Fault fault={keys.fault} onRetry={keys.reload} />}
        {fault !== undefined && <Fault fault={fault} />}
        {first && <p>{words.noKeys}</p>}
        {keys.state === 'ready' && keys.value.data.length > 0 && (
          <KeyTable keys={keys.value.data} onRevoke={setRevoking} />
        )}
        {keys.state === 'ready' && <KeyForm key={String(first)} first={first} onCreated={setCreated} />}
      </Card>
      {created !== undefined && (
        <SecretDialog
          created={created}
          first={first}
          onConfirmed={() => {
            setCreated(undefined);
            keys.reload();
            if (!first) return;
            // The service asks for a key from now on: this page goes on with the one that was made.
            setPreferences({ key: created.secret });
            window.location.reload();
          }}
          onGivenUp={() => {
            setCreated(undefined);
            keys.reload();
          }}
        />
      )}
      {revoking !== undefined && (
        <Dialog title={words.revokeTitle(revoking.name)} onClose={() => setRevoking(undefined)}>
          <p>{words.revokeText}</p>
          <div className={styles.actions}>
            <Button onClick={() => setRevoking(undefined)}>{words.keep}</Button>
            <Button look="danger" icon={<Ban aria-hidden="true" />} onClick={() => revoke(revoking)}>
              {words.revoke}
            </Button>
          </div>
        </Dialog>
      )}
    </section>
  );
}

function KeyTable({ keys, onRevoke }: { keys: readonly ApiKey[]; onRevoke(key: ApiKey): void }) {
  const words = useStrings(strings);
  const format = useFormat();
  const limit = (value: number | null) => (value === null ? words.unlimited : format.number(value));
  return (
    <ScrollRegion className={styles.scroll} label={words.keys}>
      <table className={styles.table}>
        <thead>
          <tr>
            {[words.keyName, words.scopes, words.lastFour].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
            {[words.limits.rpm, words.limits.concurrent, words.limits.daily, words.createdAt].map((name) => (
              <th key={name} scope="col" className={styles.end}>
                {name}
              </th>
            ))}
            <th scope="col">
              <span className="visually-hidden">{words.revoke}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr key={key.id} data-gone={key.revoked_at !== null}>
              <th scope="row">{key.name}</th>
              <td>
                <span className={styles.badges}>
                  {key.scopes.map((scope) => (
                    <Badge key={scope} look={scope === 'admin' ? 'warn' : 'neutral'}>
                      {words.scopeNames[scope]}
                    </Badge>
                  ))}
                </span>
              </td>
              <td>
                <code>…{key.secret_end}</code>
              </td>
              <td className={styles.end}>{limit(key.requests_per_minute)}</td>
              <td className={styles.end}>{limit(key.concurrent_responses)}</td>
              <td className={styles.end}>{limit(key.tokens_per_day)}</td>
              <td className={styles.end} title={format.time(key.created_at * 1000)}>
                {format.ago(key.created_at * 1000, Date.now())}
              </td>
              <td className={styles.end}>
                {key.unconfirmed && <span className={styles.soft}>{words.unconfirmed} </span>}
                {key.revoked_at === null ? (
                  <Button
                    look="danger"
                    size="small"
                    aria-label={`${words.revoke}: ${key.name}`}
                    onClick={() => onRevoke(key)}
                  >
                    {words.revoke}
                  </Button>
                ) : (
                  <span className={styles.soft}>{words.revoked}</span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
