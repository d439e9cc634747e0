import { Check, Eye, EyeOff, KeyRound, Minus } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { CallerView } from '../../../../src/contracts/service/key-scopes.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { KeyDialog } from '../../frame/key-dialog.tsx';
import { useStrings } from '../../i18n/strings.ts';
import { usePreferences } from '../../preferences.ts';
import styles from './settings.module.css';
import { strings } from './strings.ts';

/** Who the service takes the reader for, and what that one may see and do. */
export function CallerCard({ caller }: { caller: CallerView }) {
  const words = useStrings(strings);
  const { key } = usePreferences();
  const [entering, setEntering] = useState(false);
  const { trace, feedback, admin, tools } = caller.scopes;
  return (
    <Card className={styles.card ?? ''}>
      <header className={styles.head}>
        <div>
          <h2>{words.key}</h2>
          <p className={styles.soft}>{caller.key_id === null ? words.keyNone : words.keyUsed(caller.key_id)}</p>
        </div>
        <Button icon={<KeyRound aria-hidden="true" />} onClick={() => setEntering(true)}>
          {key === '' ? words.keyEnter : words.keyChange}
        </Button>
      </header>
      <dl className={styles.scopes}>
        <Scope name={words.sees} may={trace !== 'none'} icon={trace === 'full' ? <Eye /> : <EyeOff />}>
          {words.traces[trace]}
        </Scope>
        <Scope name={words.feedback} may={feedback} icon={feedback ? <Check /> : <Minus />}>
          {words.feedbackMay[feedback ? 'yes' : 'no']}
        </Scope>
        <Scope name={words.admin} may={admin} icon={admin ? <Check /> : <Minus />}>
          {words.adminMay[admin ? 'yes' : 'no']}
        </Scope>
        <Scope name={words.tools} may={tools} icon={tools ? <Check /> : <Minus />}>
          {words.toolsMay[tools ? 'yes' : 'no']}
        </Scope>
      </dl>
      {entering && <KeyDialog onClose={() => setEntering(false)} />}
    </Card>
  );
}

function Scope({ name, may, icon, children }: { name: string; may: boolean; icon: ReactNode; children: ReactNode }) {
  return (
    <div data-may={may}>
      <dt>{name}</dt>
      <dd>
        <span aria-hidden="true">{icon}</span>
        {children}
      </dd>
    </div>
  );
}
