import type { NewModel } from '../../../../src/contracts/service/model-configuration.ts';

/** The form's fields as they are typed. */
export type ModelForm = {
  kind: NewModel['kind'];
  folder: string;
  hub: string;
  url: string;
  model: string;
  apiKeyVariable: string;
  contextLength: string;
  family: string;
  dialect: string;
  id: string;
};

export const emptyForm: ModelForm = {
  kind: 'upstream',
  folder: '',
  hub: '',
  url: '',
  model: '',
  apiKeyVariable: '',
  contextLength: '',
  family: '',
  dialect: '',
  id: '',
};

/** The model as the service takes it: what was left empty is left out. */
export function newModel(form: ModelForm): NewModel {
  const id = form.id.trim();
  const family = form.family === '' ? {} : { family: form.family };
  const named = id === '' ? {} : { id };
  switch (form.kind) {
    case 'folder':
      return { kind: 'folder', folder: form.folder.trim(), ...named, ...family };
    case 'hub':
      return { kind: 'hub', hub: form.hub.trim(), ...named, ...family };
    case 'upstream': {
      const model = form.model.trim();
      const variable = form.apiKeyVariable.trim();
      const context = form.contextLength.trim();
      return {
        kind: 'upstream',
        ...named,
        url: form.url.trim(),
        ...(model === '' ? {} : { model }),
        ...family,
        ...(form.dialect === '' ? {} : { dialect: form.dialect }),
        ...(variable === '' ? {} : { apiKeyVariable: variable }),
        ...(context === '' ? {} : { contextLength: Number(context) }),
      };
    }
    default:
      return form.kind satisfies never;
  }
}

/** True once the field that a model can't do without is there. */
export function isComplete(form: ModelForm): boolean {
  return { folder: form.folder, hub: form.hub, upstream: form.url }[form.kind].trim() !== '';
}
