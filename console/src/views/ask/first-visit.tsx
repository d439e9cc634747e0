import { Columns2, Lightbulb, Zap } from 'lucide-react';
import { Link } from 'react-router';
import { useStrings } from '../../i18n/strings.ts';
import { examples } from './examples.ts';
import styles from './first-visit.module.css';
import { strings } from './strings.ts';

/**
 * Before the first question: what this is, what the `embedded` model is good for where it answers, and three questions where
 * thinking first makes the difference.
 */
export function FirstVisit({ embedded, onAsk }: { embedded: boolean; onAsk(question: string): void }) {
  const words = useStrings(strings);
  return (
    <section className={styles.visit}>
      <h1>{words.welcome}</h1>
      <p className={styles.lead}>{words.welcomeLead}</p>
      {embedded && (
        <p className={styles.lead}>
          {words.embedded} <Link to="/settings">{words.bigger}</Link>
        </p>
      )}
      <h2 className={styles.heading}>{words.examples}</h2>
      <ul className={styles.examples}>
        {examples.map(({ question, fast, thought }) => (
          <li key={question}>
            <button type="button" className={styles.example} onClick={() => onAsk(question)}>
              <span className={styles.question} lang="en">
                {question}
              </span>
              <span className={styles.contrast}>
                <span className={styles.fast}>
                  <Zap aria-hidden="true" /> {words.fast} <del>{fast}</del>
                </span>
                <span className={styles.thought}>
                  <Lightbulb aria-hidden="true" /> {words.thought} <strong>{thought}</strong>
                </span>
              </span>
            </button>
            <Link
              className={styles.compare}
              to={`/compare?${new URLSearchParams({ q: question })}`}
              state={{ asks: true }}
            >
              <Columns2 aria-hidden="true" /> {words.sideBySide}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
