/** How long to wait before the n-th attempt in a row: full jitter, so that a fallen node's clients do not return as one. */
export const BASE_MS = 500;
export const CAP_MS = 20_000;

export function backoffMs(attempt: number, random: () => number, floorMs = 0): number {
  const ceiling = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(attempt, 16));
  return floorMs + Math.round(random() * ceiling);
}
