import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import type { CreatedApiKey } from '../../../../src/contracts/service/api-key.ts';
import { Button } from '../../components/button.tsx';
import { copyText } from '../../components/copy-text.ts';
import { Dialog } from '../../components/dialog.tsx';
import { Fault } from '../../components/states.tsx';
import { useStrings } from '../../i18n/strings.ts';
import { service } from '../../service/service.ts';
import { asFault, type ServiceFault } from '../../service/service-fault.ts';
import styles from './settings.module.css';
import { strings } from './strings.ts';

/**
 * The secret of a new key, this once. The key works only after it was confirmed as copied: a `first` one then closes the
 * service. Left before that, the key is given up.
 */
export function SecretDialog({
  created,
  first,
  onConfirmed,
  onGivenUp,
}: {
  created: CreatedApiKey;
  first: boolean;
  onConfirmed(): void;
  onGivenUp(): void;
}) {
  const words = useStrings(strings);
  const [copying, setCopying] = useState<'copy' | 'copied' | 'copyFailed'>('copy');
  const [kept, setKept] = useState(false);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<ServiceFault>();
  const copy = async () => {
    const copied = await copyText(created.secret);
    setCopying(copied ? 'copied' : 'copyFailed');
    if (copied) setKept(true);
  };
  const confirm = async () => {
    setBusy(true);
    setFault(undefined);
    try {
      await service.confirmKey(created.id);
      onConfirmed();
    } catch (error) {
      setFault(asFault(error));
    } finally {
      setBusy(false);
    }
  };
  const giveUp = () => {
    // It opens nothing: where this fails, it stays in the list and can be removed there.
    service.revokeKey(created.id).then(onGivenUp, onGivenUp);
  };
  return (
    <Dialog title={words.secretTitle(created.name)} onClose={giveUp} byAccident={false}>
      <p>{first ? words.secretLeadFirst : words.secretLead}</p>
      <code className={styles.secret}>{created.secret}</code>
      <Button icon={copying === 'copied' ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />} onClick={copy}>
        {words[copying]}
      </Button>
      <label className={styles.kept}>
        <input type="checkbox" checked={kept} onChange={(event) => setKept(event.target.checked)} />
        {words.secretKept}
      </label>
      {fault !== undefined && <Fault fault={fault} />}
      <div className={styles.actions}>
        <Button onClick={giveUp}>{words.giveUp}</Button>
        <Button look="primary" disabled={!kept || busy} onClick={confirm}>
          {first ? words.closeService : words.done}
        </Button>
      </div>
    </Dialog>
  );
}
