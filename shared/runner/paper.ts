/** What the paper is like: its width in columns, and whether it takes colour. */
export interface Paper {
  columns: number;
  /** Lines that fit at once; undefined when the output may be as long as it likes. */
  rows?: number;
  color: boolean;
}
