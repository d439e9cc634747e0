import type { Random } from './random.ts';

const names =
  `Ada Anna Ben Cleo Dan Eva Finn Gia Hugo Ines Ivan Jack Kira Leo Liam Lucy Mark Maya Mia Nina Noah Olga Omar Paul
Quinn Rosa Ruth Sam Tara Tom Uma Vera Will Xena Yusuf Zoe`.split(/\s+/);

export const things: readonly string[] =
  `apples balloons books bottles cards coins cookies cupcakes eggs flowers marbles oranges
pencils photos shells stamps stickers tickets toys`.split(/\s+/);

/** The given number of different first names. */
export function people(random: Random, count: 2): [string, string];
export function people(random: Random, count: 3): [string, string, string];
export function people(random: Random, count: number): string[];
export function people(random: Random, count: number): string[] {
  return random.some(names, count);
}
