import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from 'react';
import styles from './field.module.css';

type Labelled = { label: string; hint?: ReactNode };

/** Label and hint around one control, which takes `control` so that both are read out with it. */
function Field({
  label,
  hint,
  children,
}: Labelled & {
  children(control: { id: string; className: string | undefined; 'aria-describedby': string | undefined }): ReactNode;
}) {
  const id = useId();
  const hintId = `${id}-hint`;
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      {children({ id, className: styles.box, 'aria-describedby': hint === undefined ? undefined : hintId })}
      {hint !== undefined && <small id={hintId}>{hint}</small>}
    </div>
  );
}

/** A labelled line of text. */
export function TextField({ label, hint, ...rest }: InputHTMLAttributes<HTMLInputElement> & Labelled) {
  return (
    <Field label={label} hint={hint}>
      {(control) => <input {...control} {...rest} />}
    </Field>
  );
}

/** A labelled text of several lines. */
export function TextArea({ label, hint, ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement> & Labelled) {
  return (
    <Field label={label} hint={hint}>
      {(control) => <textarea {...control} {...rest} />}
    </Field>
  );
}

/** A labelled choice: the browser's own list, which every phone and screen reader knows. */
export function Select({
  label,
  hint,
  options,
  ...rest
}: SelectHTMLAttributes<HTMLSelectElement> & Labelled & { options: readonly { value: string; label: string }[] }) {
  return (
    <Field label={label} hint={hint}>
      {(control) => (
        <select {...control} {...rest}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
