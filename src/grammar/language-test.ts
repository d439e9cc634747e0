import { createDerivatives } from './derivative.ts';
import type { Arena, Expression } from './expression.ts';

const FUEL = 1_000_000;

/** Whether the language holds the text. @throws OutOfFuel */
export function accepts(arena: Arena, language: Expression, text: string): boolean {
  const { after } = createDerivatives(arena, { fuel: { left: FUEL } });
  let rest = language;
  for (const byte of Buffer.from(text)) rest = after(rest, byte);
  return rest.nullable;
}
