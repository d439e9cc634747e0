import { z } from 'zod';
import { type CompactionItem, InputItem } from '../../../contracts/responses/input-item.ts';
import { invalidValue } from '../../../contracts/service/service-error.ts';
import { fieldPath } from '../../validation-error.ts';

/** What a compaction item holds once it is opened. The marker tells it from a sealed thought. */
const Sealed = z.object({ compaction: z.literal(1), items: z.array(InputItem) });

export function sealedItems(items: InputItem[]): string {
  return JSON.stringify({ compaction: 1, items } satisfies z.infer<typeof Sealed>);
}

/** The items of a compaction. @throws ServiceError `invalid_value` for one that is not its owner's, or was changed */
export function openedItems(
  { encrypted_content }: CompactionItem,
  path: ReadonlyArray<string | number>,
  open: (sealed: string) => string | undefined,
): InputItem[] {
  const text = open(encrypted_content);
  const sealed = text?.startsWith('{"compaction":') ? Sealed.safeParse(JSON.parse(text)).data : undefined;
  if (sealed !== undefined) return sealed.items;
  const param = fieldPath([...path, 'encrypted_content']);
  throw invalidValue(param, 'expected the unmodified value that /v1/responses/compact gave to this key');
}
