/** One thing that was looked at, and what to do where it is not well. */
export interface Finding {
  readonly name: string;
  readonly severity: 'ok' | 'warning' | 'error';
  readonly what: string;
  readonly fix?: string;
}
