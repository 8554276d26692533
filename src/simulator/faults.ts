/** Of a changing call: before the account heard of it, when it is done but not answered, when the caller has the answer. */
export type Moment = 'before' | 'inside' | 'after';

/** What can go wrong on purpose. Everything is off unless asked for. */
export interface Faults {
  /** A new resource shows in describes after 0 to this many seconds, and cannot be used by other calls before. */
  describeLagSeconds?: number;
  /** A new resource shows under its tags after 0 to this many seconds more. */
  tagLagSeconds?: number;
  /** Share of calls (0 to 1) refused as throttled. */
  throttle?: number;
  /** Share of calls whose connection breaks before the account heard of them. */
  resetBefore?: number;
  /** Share of changing calls whose answer is lost after the account did the work. */
  resetAfter?: number;
  /** Share of changing calls answered with HTTP 500 after the account did the work. */
  errorAfter?: number;
  /** Named refusals: the next `times` calls of `operation` are answered with `code`. */
  refuse?: { operation: string; code: string; message?: string; status?: number; times?: number }[];
  /** Named late failures (a NAT gateway that ends in `failed`): the next `times` creations of `noun` fail by themselves. */
  breakLater?: { noun: string; code: string; times?: number }[];
  /** The process is killed (SIGKILL) at its n-th changing call: before it, inside (done, not answered) or after it. */
  kill?: { when: Moment; call: number };
  /** Told of each moment of each changing call, before it goes on; what is on disk then is what a kill would leave. */
  watch?: (moment: Moment, call: number) => void;
}
