import { type FormEvent, useCallback, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { TextField } from '../../components/field.tsx';
import { Page } from '../../components/page.tsx';
import { Fault, Loading } from '../../components/states.tsx';
import { useFormat } from '../../i18n/format.ts';
import { useStrings } from '../../i18n/strings.ts';
import { service } from '../../service/service.ts';
import { useLoad } from '../../service/use-load.ts';
import { StatusBadge } from '../jobs/status-badge.tsx';
import { strings } from './strings.ts';
import styles from './trace.module.css';

const shown = 10;

/** Opens a trace by its id, or one of the latest. */
export function TracePicker() {
  const words = useStrings(strings);
  const format = useFormat();
  const navigate = useNavigate();
  const [id, setId] = useState('');
  const recent = useLoad(
    useCallback((options: { signal: AbortSignal }) => service.responses({ limit: shown }, options), []),
  );
  const open = (event: FormEvent) => {
    event.preventDefault();
    const given = /resp_[\w-]+/.exec(id)?.[0] ?? id.trim();
    if (given !== '') navigate(`/trace/${encodeURIComponent(given)}`);
  };
  return (
    <Page title={words.title} lead={words.lead}>
      <Card>
        <form className={styles.pickForm} onSubmit={open}>
          <TextField
            label={words.pickLabel}
            hint={words.pickHint}
            value={id}
            spellCheck={false}
            autoComplete="off"
            placeholder="resp_…"
            onChange={(event) => setId(event.target.value)}
          />
          <Button look="primary" type="submit" disabled={id.trim() === ''}>
            {words.open}
          </Button>
        </form>
      </Card>
      <section className={styles.section}>
        <h2>{words.recent}</h2>
        {recent.state === 'loading' && <Loading />}
        {recent.state === 'failed' && <Fault fault={recent.fault} onRetry={recent.reload} />}
        {recent.state === 'ready' && recent.value.data.length === 0 && <p className={styles.soft}>{words.noRecent}</p>}
        {recent.state === 'ready' && recent.value.data.length > 0 && (
          <ul className={styles.recent}>
            {recent.value.data.map((response) => (
              <li key={response.id}>
                <Link to={`/trace/${response.id}`} className={styles.recentLink}>
                  <StatusBadge status={response.status} />
                  <span className={styles.recentText}>{response.input_preview || response.id}</span>
                  <span className={styles.soft}>{format.ago(response.created_at * 1000, Date.now())}</span>
                </Link>
              </li>
            ))}
          </ul>
        )}
      </section>
    </Page>
  );
}
