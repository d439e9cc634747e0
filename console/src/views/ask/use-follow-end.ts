import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';

/** ms after which it is looked whether something that a reader did has led away from the end. */
const settleMs = 250;

/**
 * Keeps the end of the page in sight while it grows. Only a reader leads away from it: by scrolling up, by pressing something
 * in `content`, or by moving the focus there; whoever comes back to the end follows it again. `mark` is an element at the end.
 * @returns whether the end is followed, and how to go there
 */
export function useFollowEnd(
  { content, mark }: { content: RefObject<HTMLElement | null>; mark: RefObject<HTMLElement | null> },
  enabled: boolean,
): { atEnd: boolean; toEnd(): void; leave(): void } {
  const [atEnd, setAtEnd] = useState(true);
  const following = useRef(true);
  const toEnd = useCallback(() => {
    following.current = true;
    scrollToEnd();
  }, []);
  const leave = useCallback(() => {
    following.current = false;
  }, []);
  useEffect(() => {
    const [inside, end] = [content.current, mark.current];
    if (!enabled || inside === null || end === null) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    // What lies fixed over the foot of a phone's page hides the end as well.
    const covered = Number.parseFloat(getComputedStyle(end.closest('main') ?? end).paddingBottom) || 0;
    const sight = new IntersectionObserver(
      (entries) => {
        const seen = entries.at(-1)?.isIntersecting === true;
        if (seen) following.current = true;
        else if (following.current) scrollToEnd();
        setAtEnd(following.current);
      },
      { rootMargin: `0px 0px -${covered}px 0px` },
    );
    const grown = new ResizeObserver(() => {
      if (following.current) scrollToEnd();
    });
    /** Something led away, maybe: it is followed again if the end is still in sight a moment later. */
    const away = () => {
      following.current = false;
      clearTimeout(timer);
      timer = setTimeout(() => {
        sight.unobserve(end);
        sight.observe(end);
      }, settleMs);
    };
    const onWheel = (event: WheelEvent) => event.deltaY < 0 && away();
    const onKey = (event: KeyboardEvent) => {
      const inContent = event.target instanceof Node && inside.contains(event.target);
      if (['ArrowUp', 'PageUp', 'Home'].includes(event.key) ? !isTyping(event.target) : inContent) away();
    };
    const onPress = (event: PointerEvent) => {
      // The root itself is what a press on its scroll bar hits.
      if (event.target === document.documentElement) away();
      else if (event.target instanceof Node && inside.contains(event.target)) away();
    };
    sight.observe(end);
    // All of the view: what stands below the content grows too.
    grown.observe(inside.parentElement ?? inside);
    window.addEventListener('wheel', onWheel, { passive: true });
    window.addEventListener('touchmove', away, { passive: true });
    window.addEventListener('keydown', onKey);
    window.addEventListener('pointerdown', onPress);
    inside.addEventListener('focusin', away);
    return () => {
      clearTimeout(timer);
      sight.disconnect();
      grown.disconnect();
      window.removeEventListener('wheel', onWheel);
      window.removeEventListener('touchmove', away);
      window.removeEventListener('keydown', onKey);
      window.removeEventListener('pointerdown', onPress);
      inside.removeEventListener('focusin', away);
    };
  }, [content, mark, enabled]);
  return { atEnd, toEnd, leave };
}

function scrollToEnd(): void {
  window.scrollTo({ top: document.documentElement.scrollHeight });
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement;
}
