import type { ReactNode } from 'react';
import styles from './badge.module.css';

/** A word in a coloured shape: a status, a verdict, a count. */
export function Badge({
  look = 'neutral',
  children,
}: {
  look?: 'neutral' | 'accent' | 'good' | 'warn' | 'bad';
  children: ReactNode;
}) {
  return <span className={[styles.badge, styles[look]].join(' ')}>{children}</span>;
}
