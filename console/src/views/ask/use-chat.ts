import { useCallback, useEffect, useRef, useState } from 'react';
import { useSearchParams } from 'react-router';
import type { CreateResponse } from '../../../../src/contracts/responses/create-response.ts';
import type { InputItem } from '../../../../src/contracts/responses/input-item.ts';
import { type Choice, requestOf } from '../../run/effort.ts';
import { service } from '../../service/service.ts';
import { asFault, type ServiceFault } from '../../service/service-fault.ts';
import { onChatsChanged, tellChatsChanged } from '../../service/tab-news.ts';
import { whenReachable } from '../../service/when-reachable.ts';
import { branchThrough, type ChatPlace, type ChatTurn, lastUsable } from './chat-tree.ts';
import { forgetLastChat, keepLastChat, lastChat } from './kept.ts';
import { turnsEndingWith } from './turns-without-chat.ts';

/** `tools`: ids of those that the model may call. */
export type Asking = Choice & { instructions: string; tools: readonly string[] };
/** What is asked: a text, or parts (pictures, files) with the text that they are shown by. */
export type Question = Extract<InputItem, { role: 'user' | 'system' | 'developer'; content: unknown }>['content'];
/**
 * A question and where it goes: behind the shown branch, or (`behind`) behind an earlier turn, null: at the start. `items`:
 * sent in the question's place.
 */
type Request = {
  question: Question;
  asking: Asking;
  tools?: CreateResponse['tools'];
  items?: readonly InputItem[];
  behind?: string | null;
};

export type Chat = {
  /** The conversation; undefined before the first question, and for answers that belong to none. */
  id: string | undefined;
  /** The branch that is shown. */
  places: readonly ChatPlace[];
  /** A turn that the address names and that is not the last of its branch. */
  wanted: string | undefined;
  /** `restoring`: an address was opened, and its chat is being fetched. */
  state: 'ready' | 'restoring' | 'sending';
  fault: ServiceFault | undefined;
  /** The question that was refused; absent where the chat itself could not be fetched. */
  refused: Request | undefined;
  /** @returns whether the question was accepted */
  ask(request: Request): Promise<boolean>;
  /** Shows the newest branch through a turn. */
  show(turn: string): void;
  startAnew(): void;
  /** Fetches the chat of the address again. */
  restore(): void;
};

/**
 * The chat of the address (`c` the conversation, `r` a response in it), as the service has it: a reload, a link, another tab and
 * the browser's way back all end here. Without an address it is the last chat of this browser.
 */
export function useChat(): Chat {
  const [parameters, setParameters] = useSearchParams();
  const [id, turn] = [parameters.get('c') ?? undefined, parameters.get('r') ?? undefined];
  const [turns, setTurns] = useState<readonly ChatTurn[]>([]);
  const [state, setState] = useState<Chat['state']>(id === undefined && turn === undefined ? 'ready' : 'restoring');
  const [restoring, setRestoring] = useState(0);
  const [failed, setFailed] = useState<{ fault: ServiceFault; refused?: Request }>();
  /** The address whose turns are known. */
  const known = useRef<string | undefined>(undefined);
  /** Goes on with each chat that is opened and with the view's end: what was asked before belongs to none of them. */
  const era = useRef(0);
  /** A conversation that was made for a question that was then refused. */
  const made = useRef<string | undefined>(undefined);
  useEffect(
    () => () => {
      era.current += 1;
    },
    [],
  );
  const go = useCallback(
    (to: { c?: string | undefined; r?: string | undefined }, { replace = false } = {}) => {
      const { c, r } = to;
      setParameters({ ...(c === undefined ? {} : { c }), ...(r === undefined ? {} : { r }) }, { replace });
    },
    [setParameters],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: a number of `restoring` is a wish to fetch it again
  useEffect(() => {
    if (id === undefined && turn === undefined) {
      const last = lastChat();
      if (last !== undefined) return go(last, { replace: true });
    }
    const place = id ?? turn;
    // A turn of the chat that is shown: nothing is to be fetched.
    if (place !== undefined && known.current === place && turns.some((one) => one.id === turn || turn === undefined)) {
      return;
    }
    era.current += 1;
    setFailed(undefined);
    if (place === undefined) {
      known.current = undefined;
      setTurns([]);
      setState('ready');
      return;
    }
    const gone = new AbortController();
    const { signal } = gone;
    setState('restoring');
    if (known.current !== place) setTurns([]);
    whenReachable(() => fetchTurns({ id, turn }, { signal }), { signal, onFault: (fault) => setFailed({ fault }) })
      .then((found) => {
        if (signal.aborted) return;
        setFailed(undefined);
        if (found.id !== id) return go({ c: found.id, r: turn }, { replace: true });
        known.current = place;
        setTurns(found.turns);
        setState('ready');
      })
      .catch((error: unknown) => {
        if (signal.aborted) return;
        const fault = asFault(error);
        // The last chat of this browser was deleted elsewhere: a new one begins.
        if (fault.kind === 'missing' && lastChat()?.c === id) {
          forgetLastChat();
          return go({}, { replace: true });
        }
        setFailed({ fault });
        setState('ready');
      });
    return () => gone.abort();
  }, [id, turn, restoring]);

  // What another tab has asked, or a turn that has ended meanwhile.
  useEffect(() => {
    if (id === undefined) return;
    const gone = new AbortController();
    const look = async () => {
      try {
        const found = await fetchTurns({ id, turn: undefined }, { signal: gone.signal });
        if (!gone.signal.aborted && known.current === id) setTurns((shown) => merged(shown, found.turns));
      } catch (error) {
        if (gone.signal.aborted || asFault(error).kind !== 'missing') return;
        forgetLastChat();
        go({}, { replace: true });
      }
    };
    const stop = onChatsChanged(look);
    return () => {
      gone.abort();
      stop();
    };
  }, [id, go]);

  const places = branchThrough(turns, turn);
  const shownLast = places.at(-1)?.turn.id;
  useEffect(() => {
    if (state === 'ready' && (id !== undefined || shownLast !== undefined)) keepLastChat({ c: id, r: shownLast });
  }, [id, shownLast, state]);

  return {
    id,
    places,
    wanted: turn !== undefined && turn !== shownLast ? turn : undefined,
    state,
    fault: failed?.fault,
    refused: failed?.refused,
    async ask(request) {
      const { question, asking, tools = [], items, behind } = request;
      const asked = era.current;
      setState('sending');
      setFailed(undefined);
      try {
        const fresh = id === undefined ? turns : merged(turns, (await fetchTurns({ id, turn: undefined }, {})).turns);
        const shown = places.map((place) => ({ turn: fresh.find((one) => one.id === place.turn.id) ?? place.turn }));
        const after = behind === undefined ? await usable(shown, id) : behind;
        const isLoose = id === undefined && turns.length > 0;
        let conversation = id;
        if (!isLoose && conversation === undefined) {
          made.current ??= (await service.createConversation()).id;
          conversation = made.current;
        }
        const response = await service.ask({
          ...requestOf(asking),
          input: inputOf(question, items),
          ...(tools === null || tools.length === 0 ? {} : { tools }),
          ...(asking.instructions.trim() === '' ? {} : { instructions: asking.instructions }),
          ...(conversation === undefined
            ? { previous_response_id: after ?? undefined }
            : { conversation: { id: conversation, after } }),
        });
        made.current = undefined;
        tellChatsChanged();
        // Elsewhere by now: the answer is in its chat, and nobody is fetched back to it.
        if (asked !== era.current) return false;
        known.current = conversation ?? response.id;
        setTurns([
          ...fresh,
          {
            id: response.id,
            object: 'conversation.turn',
            parent: after,
            question: textOf(question),
            answer: '',
            status: response.status,
            model: response.model,
            effort: response.reasoning.effective.effort,
            created_at: response.created_at,
            completed_at: null,
            stored: true,
          },
        ]);
        go({ c: conversation, r: response.id });
        return true;
      } catch (error) {
        if (asked === era.current) setFailed({ fault: asFault(error), refused: request });
        return false;
      } finally {
        if (asked === era.current) setState('ready');
      }
    },
    show: (to) => go({ c: id, r: branchThrough(turns, to).at(-1)?.turn.id }, { replace: true }),
    startAnew() {
      era.current += 1;
      forgetLastChat();
      go({});
    },
    restore: () => setRestoring((count) => count + 1),
  };
}

/** The turns of a conversation, or of the answers that lead to one; `id` is the conversation that a response belongs to. */
async function fetchTurns(
  { id, turn }: { id: string | undefined; turn: string | undefined },
  options: { signal?: AbortSignal },
): Promise<{ id: string | undefined; turns: ChatTurn[] }> {
  if (id !== undefined) return { id, turns: await service.turns(id, options) };
  if (turn === undefined) return { id: undefined, turns: [] };
  const { conversation } = await service.response(turn, options);
  if (conversation !== null) return { id: conversation.id, turns: [] };
  return { id: undefined, turns: await turnsEndingWith(turn, options) };
}

/** The service's turns, and those of this tab that it does not list yet. */
function merged(shown: readonly ChatTurn[], found: readonly ChatTurn[]): readonly ChatTurn[] {
  const there = new Set(found.map(({ id }) => id));
  const young = shown.filter(({ id, completed_at }) => !there.has(id) && completed_at === null);
  return [...found, ...young];
}

/** The last answer that can be built on. Outside a conversation nothing tells how an answer ended but itself. */
async function usable(places: readonly { turn: ChatTurn }[], conversation: string | undefined): Promise<string | null> {
  if (conversation !== undefined) return lastUsable(places);
  for (const { turn } of places.toReversed()) {
    const { status } = await service.response(turn.id);
    if (status === 'completed' || status === 'incomplete') return turn.id;
  }
  return null;
}

function inputOf(question: Question, items: readonly InputItem[] | undefined): CreateResponse['input'] {
  if (items !== undefined) return [...items];
  return typeof question === 'string' ? question : [{ role: 'user', content: question }];
}

/** The words of a question. */
function textOf(question: Question): string {
  if (typeof question === 'string') return question;
  return question.flatMap((part) => ('text' in part ? [part.text] : [])).join('\n');
}
