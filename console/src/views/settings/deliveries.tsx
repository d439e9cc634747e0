import { Link } from 'react-router';
import type { WebhookDelivery } from '../../../../src/contracts/service/webhook.ts';
import { Badge } from '../../components/badge.tsx';
import { Card } from '../../components/card.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { Fault, Loading } from '../../components/states.tsx';
import { useFormat } from '../../i18n/format.ts';
import { useStrings } from '../../i18n/strings.ts';
import { service } from '../../service/service.ts';
import { useLoad } from '../../service/use-load.ts';
import styles from './settings.module.css';
import { strings } from './strings.ts';

const looks = { pending: 'accent', delivered: 'good', failed: 'bad' } as const satisfies Record<
  WebhookDelivery['status'],
  string
>;

/** What was sent to callers' addresses, newest first, and what came of it. */
export function Deliveries() {
  const words = useStrings(strings);
  const format = useFormat();
  const sent = useLoad(service.deliveries);
  const { hookColumns: columns } = words;
  return (
    <Card className={styles.card ?? ''}>
      <h3>{words.deliveries}</h3>
      {sent.state === 'loading' && <Loading />}
      {sent.state === 'failed' && <Fault fault={sent.fault} onRetry={sent.reload} />}
      {sent.state === 'ready' && sent.value.data.length === 0 && <p className={styles.soft}>{words.noDeliveries}</p>}
      {sent.state === 'ready' && sent.value.data.length > 0 && (
        <ScrollRegion className={styles.scroll} label={words.deliveries}>
          <table className={styles.table}>
            <thead>
              <tr>
                {[columns.when, columns.event, columns.to, columns.outcome].map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
                <th scope="col" className={styles.end}>
                  {columns.tries}
                </th>
              </tr>
            </thead>
            <tbody>
              {sent.value.data.map((one) => (
                <tr key={one.id}>
                  <td title={format.time(one.created_at * 1000)}>{format.ago(one.created_at * 1000, Date.now())}</td>
                  <td>
                    <Link to={`/trace/${one.response_id}`}>{one.type}</Link>
                  </td>
                  <td className={styles.address} title={one.url}>
                    {one.url}
                  </td>
                  <td>
                    <Badge look={looks[one.status]}>{words.outcomes[one.status]}</Badge>
                    {one.last_error !== null && <span className={styles.soft}> {one.last_error}</span>}
                    {one.next_attempt_at !== null && (
                      <span className={styles.soft}>
                        {' '}
                        {words.nextTry(format.ago(one.next_attempt_at * 1000, Date.now()))}
                      </span>
                    )}
                  </td>
                  <td className={styles.end}>{format.number(one.attempts)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollRegion>
      )}
    </Card>
  );
}
