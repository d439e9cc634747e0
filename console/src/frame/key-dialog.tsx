import { useState } from 'react';
import { Button } from '../components/button.tsx';
import { Dialog } from '../components/dialog.tsx';
import { TextField } from '../components/field.tsx';
import { useStrings } from '../i18n/strings.ts';
import { preferences, setPreferences } from '../preferences.ts';
import styles from './frame.module.css';
import { frameStrings } from './frame.strings.ts';

/** Takes the key that is sent as `Authorization: Bearer`; the page is loaded again with it. */
export function KeyDialog({ onClose }: { onClose(): void }) {
  const words = useStrings(frameStrings);
  const [key, setKey] = useState(preferences().key);
  const [remember, setRemember] = useState(true);
  const keep = (value: string) => {
    setPreferences({ key: value.trim() }, { rememberKey: remember });
    // Everything on the page was fetched with the other key.
    window.location.reload();
  };
  return (
    <Dialog title={words.keyTitle} onClose={onClose}>
      <form
        className={styles.keyForm}
        onSubmit={(event) => {
          event.preventDefault();
          keep(key);
        }}
      >
        <TextField
          label={words.keyLabel}
          hint={words.keyHint}
          type="password"
          autoComplete="off"
          spellCheck={false}
          value={key}
          onChange={(event) => setKey(event.target.value)}
        />
        <label className={styles.remember}>
          <input type="checkbox" checked={remember} onChange={(event) => setRemember(event.target.checked)} />
          {words.keyRemember}
        </label>
        <div className={styles.keyActions}>
          <Button look="quiet" disabled={preferences().key === ''} onClick={() => keep('')}>
            {words.forget}
          </Button>
          <Button look="primary" type="submit">
            {words.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
