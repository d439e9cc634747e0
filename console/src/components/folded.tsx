import { type ReactNode, useEffect, useRef, useState } from 'react';
import { defineStrings, useStrings } from '../i18n/strings.ts';
import { Button } from './button.tsx';
import styles from './folded.module.css';

const strings = defineStrings({
  en: { unfold: 'Show all of it', fold: 'Fold' },
  ko: { unfold: '모두 보기', fold: '접기' },
});

/** What is taller than most of a screen is shown in part, with a button for the rest. `open`: it is shown whole at first. */
export function Folded({ open = false, children }: { open?: boolean; children: ReactNode }) {
  const words = useStrings(strings);
  const content = useRef<HTMLDivElement>(null);
  const [long, setLong] = useState(false);
  const [whole, setWhole] = useState(open);
  useEffect(() => {
    const element = content.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setLong(element.offsetHeight > mostRem * remPx() * 1.25));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <>
      <div className={styles.frame} data-folded={(long && !whole) || undefined}>
        <div ref={content}>{children}</div>
      </div>
      {long && (
        <Button size="small" look="quiet" aria-expanded={whole} onClick={() => setWhole(!whole)}>
          {whole ? words.fold : words.unfold}
        </Button>
      )}
    </>
  );
}

/** As in folded.module.css. */
const mostRem = 30;

function remPx(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
}
