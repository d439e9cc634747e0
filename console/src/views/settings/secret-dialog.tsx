import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import type { CreatedApiKey } from '../../../../src/contracts/api-key.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { useStrings } from '../../i18n/strings.ts';
import styles from './settings.module.css';
import { strings } from './strings.ts';

/** The secret of a new key, this once. */
export function SecretDialog({ created, onClose }: { created: CreatedApiKey; onClose(): void }) {
  const words = useStrings(strings);
  const [copied, setCopied] = useState(false);
  const copy = () => void navigator.clipboard?.writeText(created.secret).then(() => setCopied(true));
  return (
    <Dialog title={words.secretTitle(created.name)} onClose={onClose}>
      <p>{words.secretLead}</p>
      <code className={styles.secret}>{created.secret}</code>
      <div className={styles.actions}>
        <Button icon={copied ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />} onClick={copy}>
          {copied ? words.copied : words.copy}
        </Button>
        <Button look="primary" onClick={onClose}>
          {words.done}
        </Button>
      </div>
    </Dialog>
  );
}
