import { asEffort, type Choice } from '../../run/effort.ts';

/** What is asked how, and the answers that are there: all of it is in the address, so that a link opens it again. */
export type Comparison = { question: string; columns: readonly Choice[]; responses: readonly string[] };

export const fewestColumns = 2;
export const mostColumns = 4;
const startColumns: readonly Choice[] = [column('none'), column('medium')];

export function column(effort: Choice['effort']): Choice {
  return { effort, budget: undefined, model: '', strategy: '' };
}

/** What to call each column by: its effort and strategy, and its model where they ask different ones (none: the default). */
export function columnNames(
  columns: readonly Choice[],
  efforts: Readonly<Record<Choice['effort'], string>>,
): readonly string[] {
  const oneModel = columns.every(({ model }) => model === columns[0]?.model);
  return columns.map(({ effort, strategy, model }) =>
    [efforts[effort], strategy, oneModel ? '' : model].filter((part) => part !== '').join(', '),
  );
}

/** `?q=…&c=none&c=medium~strategy=best-of-n&r=resp_…` */
export function comparisonOf(parameters: URLSearchParams): Comparison {
  const columns = parameters.getAll('c').flatMap(columnOf).slice(0, mostColumns);
  return {
    question: parameters.get('q') ?? '',
    columns: columns.length < fewestColumns ? startColumns : columns,
    responses: parameters.getAll('r').slice(0, mostColumns),
  };
}

export function parametersOf({ question, columns, responses }: Comparison): URLSearchParams {
  const parameters = new URLSearchParams();
  if (question !== '') parameters.set('q', question);
  for (const { effort, budget, model, strategy } of columns) {
    const parts = [
      effort,
      budget === undefined ? '' : `budget=${budget}`,
      model === '' ? '' : `model=${model}`,
      strategy === '' ? '' : `strategy=${strategy}`,
    ];
    parameters.append('c', parts.filter((part) => part !== '').join('~'));
  }
  for (const id of responses) parameters.append('r', id);
  return parameters;
}

function columnOf(text: string): Choice[] {
  const [first, ...rest] = text.split('~');
  const effort = asEffort(first);
  if (effort === undefined) return [];
  const value = (name: string) => rest.find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
  const budget = Number(value('budget'));
  return [
    {
      effort,
      budget: Number.isInteger(budget) && budget > 0 ? budget : undefined,
      model: value('model'),
      strategy: value('strategy'),
    },
  ];
}
