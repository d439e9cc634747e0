import { useCallback, useEffect, useState } from 'react';
import type { Conversation } from '../../../src/contracts/responses/conversation.ts';
import { service } from '../service/service.ts';
import { asFault, type ServiceFault } from '../service/service-fault.ts';
import { onChatsChanged } from '../service/tab-news.ts';
import { whenReachable } from '../service/when-reachable.ts';

const pageSize = 50;

/** Conversations that fit a search, the last used first, kept up to date with every tab. */
export function useChats(query: string): {
  chats: readonly Conversation[];
  hasMore: boolean;
  more(): void;
  fault: ServiceFault | undefined;
} {
  const [found, setFound] = useState<{ chats: readonly Conversation[]; hasMore: boolean }>({
    chats: [],
    hasMore: false,
  });
  const [fault, setFault] = useState<ServiceFault>();
  const [pages, setPages] = useState(1);
  const more = useCallback(() => setPages((count) => count + 1), []);
  useEffect(() => {
    let gone = new AbortController();
    const look = async () => {
      gone.abort();
      gone = new AbortController();
      const { signal } = gone;
      try {
        const next = await whenReachable(() => read(query, pages, signal), { signal, onFault: setFault });
        if (signal.aborted) return;
        setFound(next);
        setFault(undefined);
      } catch (error) {
        // Without a key, or on a service of an earlier version, there is no list; the views say what is missing.
        if (!signal.aborted) setFault(asFault(error));
      }
    };
    void look();
    const stop = onChatsChanged(look);
    return () => {
      gone.abort();
      stop();
    };
  }, [query, pages]);
  return { ...found, more, fault };
}

async function read(
  query: string,
  pages: number,
  signal: AbortSignal,
): Promise<{ chats: readonly Conversation[]; hasMore: boolean }> {
  const chats: Conversation[] = [];
  for (let page = 1; ; page += 1) {
    const { data, has_more: hasMore } = await service.conversations(
      { q: query, limit: pageSize, after: chats.at(-1)?.id },
      { signal },
    );
    chats.push(...data);
    if (!hasMore || page >= pages) return { chats, hasMore };
  }
}
