import { X } from 'lucide-react';
import type { ModelObject, StrategyList } from '../../../../src/contracts/service/listings.ts';
import { IconButton } from '../../components/button.tsx';
import { Select } from '../../components/field.tsx';
import { useStrings } from '../../i18n/strings.ts';
import { asEffort, type Choice, efforts } from '../../run/effort.ts';
import { effortStrings } from '../../run/effort-control.strings.ts';
import styles from './compare.module.css';
import { strings } from './strings.ts';

/** How one column asks. */
export function ColumnSettings({
  number,
  choice,
  models,
  strategies,
  onChange,
  onRemove,
}: {
  number: string;
  choice: Choice;
  models: readonly ModelObject[];
  strategies: StrategyList['data'];
  onChange(change: Partial<Choice>): void;
  onRemove: (() => void) | undefined;
}) {
  const words = useStrings(strings);
  const names = useStrings(effortStrings);
  return (
    <fieldset className={styles.settings}>
      <legend className="visually-hidden">{words.column(number)}</legend>
      <Select
        label={names.effort}
        value={choice.effort}
        options={efforts.map((effort) => ({ value: effort, label: names.efforts[effort] }))}
        onChange={(event) => onChange({ effort: asEffort(event.target.value) ?? 'medium', budget: undefined })}
      />
      <Select
        label={words.strategy}
        value={choice.effort === 'none' ? '' : choice.strategy}
        disabled={choice.effort === 'none'}
        options={[
          { value: '', label: words.usual },
          ...strategies.filter(({ name }) => name !== 'direct').map(({ name }) => ({ value: name, label: name })),
        ]}
        onChange={(event) => onChange({ strategy: event.target.value })}
      />
      {models.length > 1 && (
        <Select
          label={words.model}
          value={choice.model === '' ? (models[0]?.id ?? '') : choice.model}
          options={models.map(({ id }) => ({ value: id, label: id }))}
          onChange={(event) => onChange({ model: event.target.value })}
        />
      )}
      {onRemove !== undefined && (
        <IconButton label={words.remove(number)} className={styles.remove} onClick={onRemove}>
          <X />
        </IconButton>
      )}
    </fieldset>
  );
}
