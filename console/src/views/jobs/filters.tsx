import { Select, TextField } from '../../components/field.tsx';
import { statuses } from '../../i18n/statuses.ts';
import { useStrings } from '../../i18n/strings.ts';
import { effortStrings } from '../../run/effort-control.strings.ts';
import { useModels } from '../../service/use-models.ts';
import styles from './jobs.module.css';
import { strings } from './strings.ts';
import type { JobsQuery } from './use-jobs.ts';

/** What the list is narrowed to. */
export function Filters({ query, onChange }: { query: JobsQuery; onChange(name: string, value: string): void }) {
  const words = useStrings(strings);
  const names = useStrings(statuses);
  const { efforts } = useStrings(effortStrings);
  const models = useModels();
  const any = { value: '', label: words.any };
  const entries = (names: Readonly<Record<string, string>>) => [
    any,
    ...Object.entries(names).map(([value, label]) => ({ value, label })),
  ];
  const known = models.state === 'ready' ? models.value.data.map(({ id }) => id) : [];
  const ids = query.model === '' || known.includes(query.model) ? known : [...known, query.model];
  return (
    <search className={styles.filters} aria-label={words.filters}>
      <Select
        label={words.status}
        value={query.status}
        options={entries(names)}
        onChange={(event) => onChange('status', event.target.value)}
      />
      <Select
        label={words.effort}
        value={query.effort}
        options={entries(efforts)}
        onChange={(event) => onChange('effort', event.target.value)}
      />
      {ids.length > 1 && (
        <Select
          label={words.model}
          value={query.model}
          options={[any, ...ids.map((id) => ({ value: id, label: id }))]}
          onChange={(event) => onChange('model', event.target.value)}
        />
      )}
      <div className={styles.text}>
        <TextField
          type="search"
          label={words.search}
          placeholder={words.searchPlaceholder}
          value={query.text}
          onChange={(event) => onChange('text', event.target.value)}
        />
      </div>
    </search>
  );
}
