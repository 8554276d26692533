import type { Listener } from '../engine/events.ts';

/** What a run is shown on: the list of steps, plain lines, or NDJSON. */
export interface Screen {
  listen: Listener;
  /** A word to the person who watches, beside the events. */
  say(text: string): void;
  /** Draws the end of the run. Nothing may be printed to the terminal before. */
  close(): Promise<void>;
  /** Gives the terminal back at once, for a process that is about to end. */
  abandon(): void;
}

/** What a run expects of one resource. */
export interface Expected {
  readonly step: number;
  /** How long it usually takes. */
  readonly seconds: number;
  /** Keys of the resources that it waits for. */
  readonly after: readonly string[];
}

export type Expectations = ReadonlyMap<string, Expected>;
