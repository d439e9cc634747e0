import { ToggleGroup } from 'radix-ui';
import type { ReactNode } from 'react';
import styles from './segmented.module.css';

/** One of a few choices, all in sight; arrow keys move between them. */
export function Segmented<T extends string>({
  label,
  value,
  options,
  onChange,
  size = 'normal',
}: {
  label: string;
  value: T;
  options: readonly { value: T; label: ReactNode; title?: string }[];
  onChange(value: T): void;
  size?: 'normal' | 'small';
}) {
  return (
    <ToggleGroup.Root
      type="single"
      aria-label={label}
      value={value}
      className={[styles.group, styles[size]].join(' ')}
      onValueChange={(chosen) => {
        // Pressing the chosen one again empties the value; there is always one chosen here.
        const option = options.find((candidate) => candidate.value === chosen);
        if (option !== undefined) onChange(option.value);
      }}
    >
      {options.map((option) => (
        <ToggleGroup.Item key={option.value} value={option.value} title={option.title} className={styles.item}>
          {option.label}
        </ToggleGroup.Item>
      ))}
    </ToggleGroup.Root>
  );
}
