import { useEffect, useRef } from 'react';
import temml from 'temml';
import styles from './formula.module.css';
import { formulaSettings } from './formula-settings.ts';

/** A formula as MathML, which browsers draw themselves and screen readers read; TeX that does not parse stays as written. */
export function Formula({ tex, display }: { tex: string; display: boolean }) {
  const element = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (element.current === null) return;
    try {
      temml.render(tex, element.current, { ...formulaSettings, displayMode: display });
    } catch {
      element.current.textContent = tex;
    }
  }, [tex, display]);
  return <span ref={element} className={display ? styles.display : styles.inline} />;
}
