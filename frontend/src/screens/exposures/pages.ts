// Which pages of a long table are needed for what is on the screen.

export const PAGE = 100;

/** Numbers of the pages, from 0, that hold the rows `first` to `last`, and one on either side. */
export function pagesFor(first: number, last: number, total: number, size = PAGE): number[] {
  if (total <= 0 || last < first) return [0];
  const most = Math.floor((total - 1) / size);
  const from = Math.max(0, Math.floor(first / size) - (first % size < size / 4 ? 1 : 0));
  const to = Math.min(most, Math.floor(last / size) + (last % size > (3 * size) / 4 ? 1 : 0));
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
