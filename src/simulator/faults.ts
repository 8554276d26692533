import type { Command } from '../hosts/command.ts';

/** Of a changing call: before the account heard of it, when it is done but not answered, when the caller has the answer. */
export type Moment = 'before' | 'inside' | 'after';

/** A refusal on purpose: the next `times` calls that fit are answered with `code`. */
export interface NamedRefusal {
  /** As `RunInstances`. Without it, any creating call on which AWS gives `code`. */
  operation?: string;
  /** Only calls that put one of `values` as the tag `key` on what they make. */
  tag?: { key: string; values: readonly string[] };
  code: string;
  /** AWS's own words where they are left out. */
  message?: string;
  status?: number;
  times?: number;
}

/** What can go wrong on purpose. Everything is off unless asked for. */
export interface Faults {
  /** A new resource shows in describes after 0 to this many seconds, and cannot be used by other calls before. */
  describeLagSeconds?: number;
  /** A new resource shows under its tags after 0 to this many seconds more. */
  tagLagSeconds?: number;
  /** EC2 knows a new instance profile after 0 to this many seconds; about ten where it is left out. */
  iamLagSeconds?: number;
  /** Share of calls (0 to 1) refused as throttled. */
  throttle?: number;
  /** Share of calls whose connection breaks before the account heard of them. */
  resetBefore?: number;
  /** Share of changing calls whose answer is lost after the account did the work. */
  resetAfter?: number;
  /** Of each kind of changing call, the answers to the first so many are lost after the account did the work. */
  loseFirst?: number;
  /** Share of changing calls answered with HTTP 500 after the account did the work. */
  errorAfter?: number;
  /** From its n-th call on, the process's credentials have expired. A process started later has new ones. */
  expireAtCall?: number;
  /** From its n-th call on, the process's machine has no network for ten minutes. */
  offlineAtCall?: number;
  /** At its n-th call, which is lost, the process's machine is suspended for an hour. */
  asleepAtCall?: number;
  /** From its n-th call on, the process's machine has another public address. */
  moveAtCall?: number;
  refuse?: NamedRefusal[];
  /** Named late failures (a NAT gateway that ends in `failed`): the next `times` creations of `noun` fail by themselves. */
  breakLater?: { noun: string; code: string; times?: number }[];
  /** The process is killed (SIGKILL) at its n-th changing call: before it, inside (done, not answered) or after it. */
  kill?: { when: Moment; call: number };
  /** Told of each moment of each changing call, before it goes on; what is on disk then is what a kill would leave. */
  watch?: (moment: Moment, call: number) => void;
  /** Told of each command that a server is given. */
  watchCommand?: (command: Command) => void;
}
