import { X } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { defineStrings, useStrings } from '../i18n/strings.ts';
import { IconButton } from './button.tsx';
import styles from './dialog.module.css';

const strings = defineStrings({ en: { close: 'Close' }, ko: { close: '닫기' } });

/** A window over the page: the browser's own modal dialog, with its focus trap and Escape. */
export function Dialog({ title, onClose, children }: { title: string; onClose(): void; children: ReactNode }) {
  const words = useStrings(strings);
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it, by the browser
    <dialog
      ref={element}
      aria-labelledby={id}
      className={styles.dialog}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === element.current && onClose()}
    >
      <div className={styles.inside}>
        <header className={styles.head}>
          <h2 id={id}>{title}</h2>
          <IconButton label={words.close} onClick={onClose}>
            <X />
          </IconButton>
        </header>
        {children}
      </div>
    </dialog>
  );
}
