import { ChartLine, Columns2, ListChecks, type LucideIcon, MessageCircle, Settings } from 'lucide-react';
import { NavLink, Outlet } from 'react-router';
import { useStrings } from '../i18n/strings.ts';
import styles from './frame.module.css';
import { frameStrings } from './frame.strings.ts';
import { OfflineBar } from './offline-bar.tsx';
import { ReaderControls } from './reader-controls.tsx';

/** What is around every view: name, navigation, the reader's choices, and a word when the machine is offline. */
export function Frame() {
  const words = useStrings(frameStrings);
  return (
    <div className={styles.frame}>
      <a className={styles.skip} href="#content">
        {words.skip}
      </a>
      <header className={styles.side}>
        <NavLink to="/" className={styles.brand ?? ''}>
          <img src="/icon.svg" alt="" width="26" height="26" />
          Thinkfirst
        </NavLink>
        <nav aria-label={words.navigation} className={styles.navigation}>
          {links.map(({ to, name, Icon }) => (
            <NavLink key={to} to={to} end={to === '/'} className={styles.link ?? ''}>
              <Icon aria-hidden="true" />
              <span>{words[name]}</span>
            </NavLink>
          ))}
        </nav>
        <ReaderControls />
      </header>
      <main id="content" tabIndex={-1} className={styles.main}>
        <OfflineBar />
        <Outlet />
      </main>
    </div>
  );
}

const links: readonly { to: string; name: 'ask' | 'compare' | 'jobs' | 'eval' | 'settings'; Icon: LucideIcon }[] = [
  { to: '/', name: 'ask', Icon: MessageCircle },
  { to: '/compare', name: 'compare', Icon: Columns2 },
  { to: '/jobs', name: 'jobs', Icon: ListChecks },
  { to: '/eval', name: 'eval', Icon: ChartLine },
  { to: '/settings', name: 'settings', Icon: Settings },
];
