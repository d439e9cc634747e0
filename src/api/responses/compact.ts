import { type Compaction, CompactRequest } from '../../contracts/responses/compaction.ts';
import type { InputItem } from '../../contracts/responses/input-item.ts';
import type { Warning } from '../../contracts/responses/response.ts';
import { emptyUsage, responseUsage } from '../../contracts/responses/usage.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { Caller } from '../caller.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { parseBody } from '../validation-error.ts';
import { buildPrompt, isMessage } from './prompt/build-prompt.ts';
import { openedItems, sealedItems } from './prompt/sealed-items.ts';
import { resolveContext } from './resolve-context.ts';
import { resolveModel } from './resolve-reasoning.ts';

/** Of the model's context: what a compacted window may take at most. The rest is for what follows. */
const shareOfContext = 0.5;

/**
 * The newest exchanges that fit half of the model's context, and all system turns, as one item that only its owner's requests
 * open. No model is asked, so nothing is summed up.
 * @throws ServiceError of status 400 or 404 naming the field
 */
export async function compact(
  body: Readonly<Record<string, unknown>>,
  caller: Caller,
  dependencies: Pick<ApiDependencies, 'catalog' | 'queue' | 'records' | 'sealer' | 'webhooks' | 'now' | 'newId'>,
): Promise<Compaction> {
  const { catalog, sealer, webhooks, now, newId } = dependencies;
  const { model, input, previous_response_id, instructions } = parseBody(CompactRequest, body);
  const { card } = resolveModel(catalog, model);
  // Thoughts are kept: what of them a prompt takes is decided when it is made.
  const request = { input: asItems(input ?? []), previous_response_id, reasoning: { context: 'all_turns' as const } };
  const { context, referenced, warnings } = await resolveContext(request, caller, dependencies);
  const open = (sealed: string) => sealer.open(sealed, caller.owner);
  const own = request.input.map((item) => referenced.find(({ id }) => id === item.id) ?? item);
  const items = [...context, ...own].flatMap((item, index) =>
    item.type === 'compaction' ? openedItems(item, ['input', Math.max(0, index - context.length)], open) : [item],
  );
  const count = (some: InputItem[]) => {
    const { prompt } = buildPrompt(
      { input: some },
      {
        context: [],
        referenced: [],
        warnings: [],
        open,
        inputs: card.capabilities.inputs,
        addressRefusal: (address) => webhooks?.refusal(address),
        files: new Map(),
      },
    );
    return catalog.countTokens(card.id, prompt, { thinking: false });
  };
  const tokens = await count(items);
  const kept = await newestThatFit(items, { room: Math.floor(card.context_length * shareOfContext), tokens, count });
  if ((await count(kept)) >= card.context_length) {
    throw new ServiceError({
      code: 'context_length_exceeded',
      message: `The last exchange alone is longer than the context of '${card.id}' (${card.context_length} tokens).`,
      param: 'input',
    });
  }
  return {
    id: `resp_${newId()}`,
    object: 'response.compaction',
    created_at: Math.floor(now() / 1000),
    output: [
      { type: 'compaction', id: `cmp_${newId()}`, encrypted_content: sealer.seal(sealedItems(kept), caller.owner) },
    ],
    usage: responseUsage({ ...emptyUsage(), input: tokens }),
    warnings: instructions ? [...warnings, unapplied] : warnings,
  };
}

const unapplied: Warning = {
  field: 'instructions',
  message: 'Not applied: the newest items are kept unchanged, and no model is called.',
};

function asItems(input: string | InputItem[]): InputItem[] {
  return typeof input === 'string' ? [{ role: 'user', content: input }] : input;
}

/** Cuts at the user's messages, so that a call stays with its result. The last exchange is kept in any case. */
async function newestThatFit(
  items: InputItem[],
  options: { room: number; tokens: number; count(items: InputItem[]): Promise<number> },
): Promise<InputItem[]> {
  if (options.tokens <= options.room) return items;
  const isOf = (item: InputItem, ...roles: string[]) => isMessage(item) && roles.includes(item.role);
  const cuts = items.flatMap((item, index) => (isOf(item, 'user') ? [index] : [])).slice(1);
  const stays = (item: InputItem) => item.type === 'additional_tools' || isOf(item, 'system', 'developer');
  const from = (cut: number) => items.filter((item, index) => index >= cut || stays(item));
  // Tokens only fall as more goes.
  let low = 0;
  let high = cuts.length - 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((await options.count(from(cuts[middle] ?? 0))) <= options.room) high = middle;
    else low = middle + 1;
  }
  return from(cuts[low] ?? 0);
}
