/** Tells every tab of this browser, this one too, that chats have changed. */
const channel = new BroadcastChannel('thinkfirst.chats');
const here = new EventTarget();

export function tellChatsChanged(): void {
  channel.postMessage('changed');
  here.dispatchEvent(new Event('changed'));
}

/** Calls `take` when a tab changed a chat, and when the reader comes back to this tab: other devices tell nobody. */
export function onChatsChanged(take: () => void): () => void {
  const onSight = () => document.visibilityState === 'visible' && take();
  channel.addEventListener('message', take);
  here.addEventListener('changed', take);
  document.addEventListener('visibilitychange', onSight);
  window.addEventListener('online', take);
  return () => {
    channel.removeEventListener('message', take);
    here.removeEventListener('changed', take);
    document.removeEventListener('visibilitychange', onSight);
    window.removeEventListener('online', take);
  };
}
