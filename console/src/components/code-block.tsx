import { Check, Copy, X } from 'lucide-react';
import { type ReactNode, Suspense, useState } from 'react';
import { defineStrings, useStrings } from '../i18n/strings.ts';
import { Button } from './button.tsx';
import styles from './code-block.module.css';
import { copyText } from './copy-text.ts';
import { lazyComponent } from './lazy-component.tsx';
import { ScrollRegion } from './scroll-region.tsx';

const Highlighted = lazyComponent(async () => (await import('./highlighted.tsx')).Highlighted);

const strings = defineStrings({
  en: { copy: 'Copy', copied: 'Copied', copyFailed: 'Could not copy', code: 'Code', text: 'text' },
  ko: { copy: '복사', copied: '복사됨', copyFailed: '복사할 수 없음', code: '코드', text: '텍스트' },
});
const icons = { copy: Copy, copied: Check, copyFailed: X };

/** Code with the name of its language and a button that copies it; its colours come once their script is there. */
export function CodeBlock({ code, language }: { code: string; language: string | undefined }): ReactNode {
  const words = useStrings(strings);
  const [state, setState] = useState<keyof typeof icons>('copy');
  const Icon = icons[state];
  const copy = async () => {
    setState((await copyText(code)) ? 'copied' : 'copyFailed');
    setTimeout(() => setState('copy'), 2_000);
  };
  return (
    <figure className={styles.block}>
      <figcaption>
        <span>{language ?? words.text}</span>
        <Button size="small" look="quiet" icon={<Icon aria-hidden="true" />} onClick={copy}>
          {words[state]}
        </Button>
      </figcaption>
      <ScrollRegion label={words.code} className={styles.scroll}>
        <pre dir="ltr">
          <code>
            {language === undefined ? (
              code
            ) : (
              <Suspense fallback={code}>
                <Highlighted code={code} language={language} />
              </Suspense>
            )}
          </code>
        </pre>
      </ScrollRegion>
    </figure>
  );
}
