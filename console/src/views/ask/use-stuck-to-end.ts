import { type RefObject, useEffect, useState } from 'react';

/** Pixels from the end within which a reader counts as reading the latest. */
const near = 80;

/**
 * Keeps the page at its end while an answer makes it grow, for a reader who is there; one who has scrolled up, or
 * unfolds something, is left alone.
 * @returns whether the reader is at the end
 */
export function useStuckToEnd(content: RefObject<HTMLElement | null>, growing: boolean): boolean {
  const [atEnd, setAtEnd] = useState(true);
  useEffect(() => {
    if (content.current === null) return;
    let stuck = isAtEnd();
    const onScroll = () => {
      stuck = isAtEnd();
      setAtEnd(stuck);
    };
    const observer = new ResizeObserver(() => {
      if (stuck && growing) scrollToEnd();
      setAtEnd(isAtEnd());
    });
    observer.observe(content.current);
    window.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      observer.disconnect();
      window.removeEventListener('scroll', onScroll);
    };
  }, [content, growing]);
  return atEnd;
}

export function scrollToEnd(): void {
  window.scrollTo({ top: document.documentElement.scrollHeight });
}

function isAtEnd(): boolean {
  const { scrollHeight, clientHeight } = document.documentElement;
  return scrollHeight - clientHeight - window.scrollY < near;
}
