import { Trash2 } from 'lucide-react';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { useStrings } from '../../i18n/strings.ts';
import styles from './jobs.module.css';
import { strings } from './strings.ts';

/** Asks before what can't be undone. */
export function RemoveDialog({ onKeep, onRemove }: { onKeep(): void; onRemove(): void }) {
  const words = useStrings(strings);
  return (
    <Dialog title={words.removeTitle} onClose={onKeep}>
      <p>{words.removeText}</p>
      <div className={styles.choices}>
        <Button onClick={onKeep}>{words.keep}</Button>
        <Button look="danger" icon={<Trash2 aria-hidden="true" />} onClick={onRemove}>
          {words.remove}
        </Button>
      </div>
    </Dialog>
  );
}
