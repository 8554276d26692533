/** What a command knows of where it runs, so that a test can run it without a process of its own. */
export interface CommandIo {
  /** The deployment's folder. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** True where a person can be asked: a terminal on both sides, and no CI. */
  readonly isTty: boolean;
  readonly json: boolean;
  /** Columns of the terminal that stdout is; absent where stdout is a file or a pipe. */
  readonly columns?: number | undefined;
  /** True where colours are wanted. */
  readonly colour?: boolean;
  /** Data, to stdout; a line. */
  out(text: string): void;
  /** Everything else, to stderr; a line. */
  note(text: string): void;
}
