import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { useStrings } from '../../i18n/strings.ts';
import styles from './eval.module.css';
import { strings } from './strings.ts';

const command = 'npm run eval -- --set generated --n 60 --effort none,low,medium,high';

/** No results yet: what makes them. */
export function NoResults() {
  const words = useStrings(strings);
  const [copied, setCopied] = useState(false);
  const copy = () => void navigator.clipboard?.writeText(command).then(() => setCopied(true));
  return (
    <div className={styles.nothing}>
      <svg viewBox="0 0 240 96" aria-hidden="true">
        <path d="M16 84 H228 M16 84 V8" />
        <path data-line d="M36 72 L92 50 L148 30 L204 22" />
        {[
          [36, 72],
          [92, 50],
          [148, 30],
          [204, 22],
        ].map(([x, y]) => (
          <circle key={x} cx={x} cy={y} r="5" />
        ))}
      </svg>
      <h2>{words.emptyTitle}</h2>
      <p>{words.empty}</p>
      <div className={styles.command}>
        <code>{command}</code>
        <Button
          size="small"
          icon={copied ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
          onClick={copy}
          aria-label={words.copy}
        >
          {copied ? words.copied : words.copy}
        </Button>
      </div>
      <p>{words.emptyAfter}</p>
    </div>
  );
}
