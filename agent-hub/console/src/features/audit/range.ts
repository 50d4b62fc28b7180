/** Days as one picks them, instants as the server wants them: from inclusive, to exclusive, in the reader's time zone. */

export function daysAgo(now: Date, days: number): string {
  const day = new Date(now.getFullYear(), now.getMonth(), now.getDate() - days);
  const two = (number: number) => String(number).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/** Null when a day is missing or the range is empty. */
export function rangeOf(from: string, to: string): { from: Date; to: Date } | null {
  const start = new Date(`${from}T00:00:00`);
  const last = new Date(`${to}T00:00:00`);
  if (Number.isNaN(start.getTime()) || Number.isNaN(last.getTime()) || last < start) return null;
  return { from: start, to: new Date(last.getFullYear(), last.getMonth(), last.getDate() + 1) };
}
