import { X } from 'lucide-react';
import { type ReactNode, useId, useLayoutEffect, useRef } from 'react';
import { defineStrings, useStrings } from '../i18n/strings.ts';
import { IconButton } from './button.tsx';
import styles from './dialog.module.css';

const strings = defineStrings({ en: { close: 'Close' }, ko: { close: '닫기' } });

/**
 * A window over the page: the browser's own modal dialog, with its focus trap and Escape. The focus begins on the first
 * field, or without fields on the first button of the content, and returns to where it was.
 */
export function Dialog({
  title,
  onClose,
  byAccident = true,
  children,
}: {
  title: string;
  onClose(): void;
  /** False: a press beside the dialog does not close it. */
  byAccident?: boolean;
  children: ReactNode;
}) {
  const words = useStrings(strings);
  const element = useRef<HTMLDialogElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const id = useId();
  // A layout effect: the browser gives the focus back only while the dialog is still part of the page.
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    const first = (kind: string) => content.current?.querySelector<HTMLElement>(kind);
    (first('input:not([type="checkbox"]), select, textarea') ?? first('button'))?.focus();
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
      onClick={(event) => byAccident && event.target === element.current && onClose()}
    >
      <div className={styles.inside}>
        <header className={styles.head}>
          <h2 id={id}>{title}</h2>
          <IconButton label={words.close} onClick={onClose}>
            <X />
          </IconButton>
        </header>
        <div ref={content} className={styles.content}>
          {children}
        </div>
      </div>
    </dialog>
  );
}
