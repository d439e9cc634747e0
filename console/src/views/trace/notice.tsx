import { EyeOff } from 'lucide-react';
import type { ReactNode } from 'react';
import styles from './trace.module.css';

/** Says what is left out, and what would show it. */
export function Notice({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className={styles.notice} role="note">
      <EyeOff aria-hidden="true" />
      <div>
        <strong>{title}</strong>
        <p>{children}</p>
      </div>
    </div>
  );
}
