import type { Constraint } from '../../contracts/responses/constraint.ts';
import type { CreateResponse } from '../../contracts/responses/create-response.ts';
import type { ModelCard } from '../../contracts/service/model-card.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { ApiDependencies } from '../dependencies.ts';

/**
 * What `text.format` holds the answer to; undefined for free text.
 * @throws ServiceError `unsupported_constraint` naming `text.format`, or the part of the schema that can't be enforced
 */
export async function formatConstraint(
  request: Pick<CreateResponse, 'text'>,
  card: ModelCard,
  check: ApiDependencies['checkConstraints'],
): Promise<Constraint | undefined> {
  const format = request.text?.format;
  if (format === undefined || format.type === 'text') return undefined;
  const constraint: Constraint =
    format.type === 'json_schema' ? { type: 'json_schema', schema: format.schema } : { type: 'json_object' };
  if (!card.capabilities.constraints.includes(constraint.type)) {
    throw new ServiceError({
      code: 'unsupported_constraint',
      message: `Invalid 'text.format': answers of '${card.id}' can't be held to a ${constraint.type}.`,
      param: 'text.format',
    });
  }
  const [fault] = (await check?.(card, [constraint])) ?? [];
  if (fault !== undefined) throw fault;
  return constraint;
}
