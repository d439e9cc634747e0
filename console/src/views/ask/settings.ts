import { useState } from 'react';
import { asEffort } from '../../run/effort.ts';
import type { Asking } from './use-chat.ts';

const place = 'thinkfirst.ask';

/** How the reader asks, kept in this browser: nobody sets it anew after a reload. */
export function useAsking(): [Asking, (change: Partial<Asking>) => void] {
  const [asking, setAsking] = useState(stored);
  return [
    asking,
    (change) => {
      const next = { ...asking, ...change };
      setAsking(next);
      try {
        localStorage.setItem(place, JSON.stringify(next));
      } catch {
        // Then it holds until the page is closed.
      }
    },
  ];
}

function stored(): Asking {
  const kept = parsed();
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return {
    effort: asEffort(kept['effort']) ?? 'medium',
    budget: typeof kept['budget'] === 'number' ? kept['budget'] : undefined,
    model: text(kept['model']),
    strategy: '',
    instructions: text(kept['instructions']),
    tools: Array.isArray(kept['tools']) ? kept['tools'].map(text) : [],
  };
}

function parsed(): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(place) ?? '{}');
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
