import type { InputHTMLAttributes } from 'react';
import type { ModelConfiguration } from '../../../../src/contracts/service/model-configuration.ts';
import { Select, TextField } from '../../components/field.tsx';
import { useStrings } from '../../i18n/strings.ts';
import type { ModelForm } from './new-model.ts';
import styles from './settings.module.css';
import { strings } from './strings.ts';

type ModelFieldsProps = {
  form: ModelForm;
  configuration: ModelConfiguration;
  /** The field that the service found fault with, and what it said. */
  wrong: { field: string; message: string } | undefined;
  onChange(part: Partial<ModelForm>): void;
};

/** The fields that a model of the chosen kind takes. */
export function ModelFields({ form, configuration, wrong, onChange }: ModelFieldsProps) {
  const words = useStrings(strings);
  const text = (
    name: Exclude<keyof ModelForm, 'kind'>,
    label: string,
    hint: string | undefined,
    rest: InputHTMLAttributes<HTMLInputElement> = {},
  ) => (
    <TextField
      label={label}
      {...(hint === undefined ? {} : { hint })}
      value={form[name]}
      spellCheck={false}
      autoComplete="off"
      error={wrong?.field === name ? wrong.message : ''}
      onChange={(event) => onChange({ [name]: event.target.value })}
      {...rest}
    />
  );
  const upstream = form.kind === 'upstream';
  return (
    <div className={styles.fields}>
      {form.kind === 'folder' &&
        text('folder', words.folder, words.folderHint, { required: true, placeholder: './models/my-model' })}
      {form.kind === 'hub' &&
        text('hub', words.hub, words.hubHint, { required: true, placeholder: 'organisation/name' })}
      {upstream && text('url', words.url, words.urlHint, { required: true, placeholder: 'http://127.0.0.1:11434' })}
      {upstream && text('model', words.model, words.modelHint)}
      {upstream &&
        text('apiKeyVariable', words.keyVariable, words.keyVariableHint, { placeholder: 'MY_SERVER_API_KEY' })}
      {text('id', words.id, words.idHint)}
      <Select
        label={words.family}
        error={wrong?.field === 'family' ? wrong.message : ''}
        value={form.family}
        options={[
          { value: '', label: words.foundOut },
          ...configuration.families.map((family) => ({ value: family, label: family })),
        ]}
        onChange={(event) => onChange({ family: event.target.value })}
      />
      {upstream && (
        <Select
          label={words.dialect}
          error={wrong?.field === 'dialect' ? wrong.message : ''}
          value={form.dialect}
          options={[
            { value: '', label: words.foundOut },
            ...configuration.dialects.map((dialect) => ({ value: dialect, label: dialect })),
          ]}
          onChange={(event) => onChange({ dialect: event.target.value })}
        />
      )}
      {upstream &&
        text('contextLength', words.contextLength, undefined, {
          inputMode: 'numeric',
          pattern: '[0-9]*',
          placeholder: words.foundOut,
        })}
    </div>
  );
}
