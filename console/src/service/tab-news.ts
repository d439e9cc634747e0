/** Tells every tab of this browser, this one too, that something has changed. */
function createNews(name: string): { tell(): void; on(take: () => void): () => void } {
  const channel = new BroadcastChannel(name);
  const here = new EventTarget();
  return {
    tell() {
      channel.postMessage('changed');
      here.dispatchEvent(new Event('changed'));
    },
    on(take) {
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
    },
  };
}

/** `on` calls when a tab changed a chat, and when the reader comes back to this tab: other devices tell nobody. */
export const { tell: tellChatsChanged, on: onChatsChanged } = createNews('thinkfirst.chats');

/** As for chats: a model was added or removed. */
export const { tell: tellModelsChanged, on: onModelsChanged } = createNews('thinkfirst.models');
