import { ChartLine, Columns2, ListChecks, type LucideIcon, MessageCircle, PanelLeft, Settings, X } from 'lucide-react';
import { Suspense, useCallback, useEffect, useRef, useState } from 'react';
import { NavLink, Outlet } from 'react-router';
import { IconButton } from '../components/button.tsx';
import { lazyComponent } from '../components/lazy-component.tsx';
import { useStrings } from '../i18n/strings.ts';
import styles from './frame.module.css';
import { frameStrings } from './frame.strings.ts';
import { OfflineBar } from './offline-bar.tsx';
import { ReaderControls } from './reader-controls.tsx';

const Chats = lazyComponent(async () => (await import('./chats.tsx')).Chats);

/** What is around every view: name, navigation, conversations, the reader's choices, and a word when the machine is offline. */
export function Frame() {
  const words = useStrings(frameStrings);
  const narrow = useMedia('(max-width: 52rem)');
  return (
    <div className={styles.frame}>
      <a className={styles.skip} href="#content">
        {words.skip}
      </a>
      <header className={styles.side}>
        {narrow && <ChatDrawer />}
        <NavLink to="/" className={styles.brand ?? ''}>
          <img src="/icon.svg" alt="" width="26" height="26" />
          <span>Thinkfirst</span>
        </NavLink>
        <nav aria-label={words.navigation} className={styles.navigation}>
          {links.map(({ to, name, Icon }) => (
            <NavLink key={to} to={to} end={to === '/'} className={styles.link ?? ''}>
              <Icon aria-hidden="true" />
              <span>{words[name]}</span>
            </NavLink>
          ))}
        </nav>
        {!narrow && (
          <div className={styles.chats}>
            <Suspense fallback={null}>
              <Chats onOpen={nothing} />
            </Suspense>
          </div>
        )}
        <ReaderControls />
      </header>
      <main id="content" tabIndex={-1} className={styles.main}>
        <OfflineBar />
        <Outlet />
      </main>
    </div>
  );
}

/** The conversations on a phone: a drawer over the page, the browser's own modal dialog. */
function ChatDrawer() {
  const words = useStrings(frameStrings);
  const [open, setOpen] = useState(false);
  const drawer = useRef<HTMLDialogElement>(null);
  const close = useCallback(() => setOpen(false), []);
  useEffect(() => {
    if (!open) return;
    const dialog = drawer.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, [open]);
  return (
    <>
      <IconButton label={words.chats} aria-expanded={open} onClick={() => setOpen(true)}>
        <PanelLeft />
      </IconButton>
      {open && (
        // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it, by the browser
        <dialog
          ref={drawer}
          className={styles.drawer}
          aria-label={words.chats}
          onCancel={(event) => {
            event.preventDefault();
            close();
          }}
          onClick={(event) => event.target === drawer.current && close()}
        >
          <div className={styles.drawerInside}>
            <IconButton label={words.closeChats} className={styles.drawerClose} onClick={close}>
              <X />
            </IconButton>
            <Suspense fallback={null}>
              <Chats onOpen={close} />
            </Suspense>
          </div>
        </dialog>
      )}
    </>
  );
}

function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const onChange = () => setMatches(media.matches);
    media.addEventListener('change', onChange);
    return () => media.removeEventListener('change', onChange);
  }, [query]);
  return matches;
}

function nothing(): void {}

const links: readonly { to: string; name: 'ask' | 'compare' | 'jobs' | 'eval' | 'settings'; Icon: LucideIcon }[] = [
  { to: '/', name: 'ask', Icon: MessageCircle },
  { to: '/compare', name: 'compare', Icon: Columns2 },
  { to: '/jobs', name: 'jobs', Icon: ListChecks },
  { to: '/eval', name: 'eval', Icon: ChartLine },
  { to: '/settings', name: 'settings', Icon: Settings },
];
