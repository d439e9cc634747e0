import { type ReactNode, useEffect } from 'react';
import styles from './page.module.css';

/** A view's frame: its title (also the tab's), one line about it, what can be done, and the content. */
export function Page({
  title,
  lead,
  actions,
  wide = false,
  children,
}: {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · Thinkfirst`;
  }, [title]);
  return (
    <div className={[styles.page, wide ? styles.wide : ''].join(' ')}>
      <header className={styles.head}>
        <div>
          <h1>{title}</h1>
          {lead !== undefined && <p className={styles.lead}>{lead}</p>}
        </div>
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}
