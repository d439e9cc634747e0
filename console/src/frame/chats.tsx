import { Download, EllipsisVertical, FileUp, MessageCirclePlus, Pencil, Trash2 } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { type KeyboardEvent, useDeferredValue, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { Link, useLocation, useNavigate, useSearchParams } from 'react-router';
import type { Conversation } from '../../../src/contracts/responses/conversation.ts';
import { Button, IconButton } from '../components/button.tsx';
import { saveFile } from '../components/save-file.ts';
import { Fault } from '../components/states.tsx';
import { useFormat } from '../i18n/format.ts';
import { useStrings } from '../i18n/strings.ts';
import { service } from '../service/service.ts';
import { asFault, type ServiceFault } from '../service/service-fault.ts';
import { tellChatsChanged } from '../service/tab-news.ts';
import { forgetLastChat, lastChat } from '../views/ask/kept.ts';
import { chatDeletions } from './chat-deletions.ts';
import styles from './chats.module.css';
import { chatsStrings } from './chats.strings.ts';
import { byDay } from './chats-by-day.ts';
import { useChats } from './use-chats.ts';

/** The conversations of the reader's key: by day, to search, open, rename, export, delete (and take that back), import. */
export function Chats({ onOpen }: { onOpen(): void }) {
  const words = useStrings(chatsStrings);
  const format = useFormat();
  const [query, setQuery] = useState('');
  const searched = useDeferredValue(query.trim());
  const { chats, hasMore, more, fault } = useChats(searched);
  const deleting = useSyncExternalStore(chatDeletions.subscribe, chatDeletions.list);
  const [actionFault, setActionFault] = useState<ServiceFault>();
  const [parameters] = useSearchParams();
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const file = useRef<HTMLInputElement>(null);
  const open = pathname === '/' ? (parameters.get('c') ?? undefined) : undefined;
  const shown = chats.filter(({ id, turns }) => turns > 0 && !deleting.some((one) => one.id === id));

  const attempt = async (action: () => Promise<void>) => {
    setActionFault(undefined);
    try {
      await action();
    } catch (error) {
      setActionFault(asFault(error));
    }
  };
  const startAnew = () => {
    forgetLastChat();
    navigate('/');
    onOpen();
  };
  const remove = (chat: Conversation) => {
    chatDeletions.add(chat, setActionFault);
    if (chat.id === open || lastChat()?.c === chat.id) forgetLastChat();
    if (chat.id === open) navigate('/');
  };
  const bringIn = (chosen: File) =>
    attempt(async () => {
      const made = await service.importConversation(JSON.parse(await chosen.text()));
      tellChatsChanged();
      navigate(`/?c=${made.id}`);
      onOpen();
    });
  return (
    <section className={styles.chats} aria-label={words.chats}>
      <div className={styles.tools}>
        <Button size="small" icon={<MessageCirclePlus aria-hidden="true" />} onClick={startAnew}>
          {words.start}
        </Button>
        <IconButton label={words.bringIn} onClick={() => file.current?.click()}>
          <FileUp />
        </IconButton>
        <input
          ref={file}
          type="file"
          accept="application/json,.json"
          hidden
          aria-label={words.bringIn}
          onChange={(event) => {
            const [chosen] = event.target.files ?? [];
            if (chosen !== undefined) void bringIn(chosen);
            event.target.value = '';
          }}
        />
      </div>
      {(chats.length > 0 || query !== '') && (
        <input
          type="search"
          className={styles.search}
          aria-label={words.search}
          placeholder={words.search}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
      )}
      {actionFault !== undefined && <Fault fault={actionFault} />}
      {deleting.map((chat) => (
        <p key={chat.id} className={styles.deleted} role="status">
          <span>{words.deleted(chat.title ?? words.untitled, format.number(chat.turns))}</span>
          <Button size="small" onClick={() => chatDeletions.undo(chat.id)}>
            {words.undo}
          </Button>
        </p>
      ))}
      <nav className={styles.list} aria-label={words.chats}>
        {byDay(shown, Date.now()).map(({ day, chats: ofDay }) => (
          <section key={day} aria-label={words.days[day]}>
            <h2>{words.days[day]}</h2>
            <ul>
              {ofDay.map((chat) => (
                <ChatRow
                  key={chat.id}
                  chat={chat}
                  isOpen={chat.id === open}
                  onOpen={onOpen}
                  onRemove={() => remove(chat)}
                  attempt={attempt}
                />
              ))}
            </ul>
          </section>
        ))}
        {shown.length === 0 && searched !== '' && fault === undefined && <p className={styles.none}>{words.noMatch}</p>}
        {hasMore && (
          <Button size="small" look="quiet" onClick={more}>
            {words.more}
          </Button>
        )}
      </nav>
    </section>
  );
}

type ChatRowProps = {
  chat: Conversation;
  isOpen: boolean;
  onOpen(): void;
  onRemove(): void;
  attempt(action: () => Promise<void>): Promise<void>;
};

function ChatRow({ chat, isOpen, onOpen, onRemove, attempt }: ChatRowProps) {
  const words = useStrings(chatsStrings);
  const [renaming, setRenaming] = useState(false);
  const menu = useRef<HTMLButtonElement>(null);
  const title = chat.title ?? words.untitled;
  const rename = (to: string) => {
    setRenaming(false);
    requestAnimationFrame(() => menu.current?.focus());
    if (to.trim() === '' || to.trim() === title) return;
    void attempt(async () => {
      await service.renameConversation(chat.id, to.trim().slice(0, 200));
      tellChatsChanged();
    });
  };
  const save = (format: 'markdown' | 'json') =>
    void attempt(async () => {
      const text = await service.exportConversation(chat.id, format);
      const [ending, type] = format === 'json' ? ['json', 'application/json'] : ['md', 'text/markdown'];
      saveFile(text, { name: `${fileName(title)}.${ending}`, type });
    });
  if (renaming) {
    return (
      <li>
        <RenameField title={title} onSave={rename} onCancel={() => rename(title)} />
      </li>
    );
  }
  return (
    <li className={styles.row} data-open={isOpen || undefined}>
      <Link to={`/?c=${chat.id}`} aria-current={isOpen ? 'page' : undefined} dir="auto" title={title} onClick={onOpen}>
        {title}
      </Link>
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger asChild>
          <IconButton ref={menu} label={words.actionsOf(title)} className={styles.menuButton}>
            <EllipsisVertical />
          </IconButton>
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content
            className={styles.menu}
            align="start"
            onCloseAutoFocus={(event) => renaming && event.preventDefault()}
          >
            <DropdownMenu.Item className={styles.item} onSelect={() => setRenaming(true)}>
              <Pencil aria-hidden="true" /> {words.rename}
            </DropdownMenu.Item>
            <DropdownMenu.Item className={styles.item} onSelect={() => save('markdown')}>
              <Download aria-hidden="true" /> {words.exportMarkdown}
            </DropdownMenu.Item>
            <DropdownMenu.Item className={styles.item} onSelect={() => save('json')}>
              <Download aria-hidden="true" /> {words.exportJson}
            </DropdownMenu.Item>
            <DropdownMenu.Item className={styles.item} data-look="danger" onSelect={onRemove}>
              <Trash2 aria-hidden="true" /> {words.remove}
            </DropdownMenu.Item>
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
    </li>
  );
}

function RenameField({ title, onSave, onCancel }: { title: string; onSave(to: string): void; onCancel(): void }) {
  const words = useStrings(chatsStrings);
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(title);
  useEffect(() => {
    // The menu gives the focus back to its button first.
    const frame = requestAnimationFrame(() => field.current?.select());
    return () => cancelAnimationFrame(frame);
  }, []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Enter') onSave(text);
    if (event.key === 'Escape') onCancel();
  };
  return (
    <input
      ref={field}
      className={styles.search}
      dir="auto"
      maxLength={200}
      aria-label={words.renameLabel}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onKeyDown={onKeyDown}
      onBlur={() => onSave(text)}
    />
  );
}

/** A title as the name of a file. */
function fileName(title: string): string {
  return (
    title
      .replace(/[\\/:*?"<>|\s]+/g, ' ')
      .trim()
      .slice(0, 60) || 'chat'
  );
}
