import { WifiOff } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { useStrings } from '../i18n/strings.ts';
import styles from './frame.module.css';
import { frameStrings } from './frame.strings.ts';

/** Says so while the browser knows itself to be offline. */
export function OfflineBar() {
  const words = useStrings(frameStrings);
  const online = useSyncExternalStore(subscribe, () => navigator.onLine);
  if (online) return null;
  return (
    <div role="status" className={styles.offline}>
      <WifiOff aria-hidden="true" />
      {words.offline}
    </div>
  );
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('online', listener);
  window.addEventListener('offline', listener);
  return () => {
    window.removeEventListener('online', listener);
    window.removeEventListener('offline', listener);
  };
}
