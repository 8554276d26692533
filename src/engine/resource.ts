import type { Aws } from '../aws.ts';
import type { Identity, Output } from '../state.ts';

// biome-ignore lint/suspicious/noExplicitAny: a list of resources of different shapes has no narrower type.
export type AnyResource = Resource<string, any, any, any>;

export type Needs = Readonly<Record<string, AnyResource>>;

type IdentityOf<R> = R extends Resource<string, Needs, infer I, Output> ? I : never;
type OutputOf<R> = R extends Resource<string, Needs, Identity, infer O> ? O : never;

/** Identities of the needed resources, which is all that is known before they are finished. */
export type Identities<N extends Needs> = { readonly [K in keyof N]: IdentityOf<N[K]> };

/** Identities and outputs of the needed resources, all of which are finished. */
export type Known<N extends Needs> = { readonly [K in keyof N]: IdentityOf<N[K]> & OutputOf<N[K]> };

/** Why a difference is left as it is, and what to do instead. */
export interface Refusal {
  readonly why: string;
  readonly fix: string;
}

/**
 * One attribute of what is there that is not as the settings want it. It is printed, so it never holds a secret. A mend
 * that is a function sets the attribute and may run again at any time; attributes that share a function are set by one
 * call of it. `replace` takes the thing away and makes its next generation.
 */
export interface Difference {
  /** AWS's own name for it: `InstanceType`, `EnableDnsHostnames`, `Tags.team`. */
  readonly attribute: string;
  readonly is: string;
  readonly wanted: string;
  readonly mend: (() => Promise<unknown>) | 'replace' | Refusal;
}

export interface Verbs<N extends Needs, I extends Identity, O extends Output> {
  /** CloudFormation's name of the type, as `AWS::EC2::VPC`; server work is `Host::…`. */
  readonly type: string;
  /** How long AWS usually takes, from the creating call to finished, and to take it away. */
  readonly typicalSeconds: { readonly create: number; readonly destroy: number };
  /** US dollars an hour, as long as it exists. */
  hourlyUsd?(aws: Pick<Aws, 'config' | 'prices'>): number;
  /** `destroy` leaves it where it was told to keep the data. */
  readonly holdsData?: true;
  /**
   * Before it is made anew, what its row names is destroyed: it may go on to exist where `find` no longer takes it for
   * the resource. Never of anything with data.
   */
  readonly destroyFirst?: true;
  /** Absent where a setting makes the resource unnecessary. */
  wanted?(config: Aws['config']): boolean;
  /** True where the settings name one that is there: it is neither made nor changed nor taken away. */
  used?(config: Aws['config']): boolean;
  /** Asks and changes nothing. Two matches are an error, never a guess. */
  find(aws: Aws, needs: Identities<N>): Promise<I | undefined>;
  /** One creating call, tagged, named or tokened in that same call. Never waits. The engine repeats it, not the client. */
  create(aws: Aws, needs: Known<N>): Promise<I>;
  /** Attaches, sets attributes and rules, waits. May run again at any time. */
  finish?(aws: Aws, identity: I, needs: Known<N>): Promise<O>;
  /** Asks and changes nothing: whatever the settings decide and a hand in the console may have changed. */
  compare?(aws: Aws, identity: I, needs: Known<N>): Promise<readonly Difference[]>;
  /** Undoes it and waits until it is gone; "not found" is success. */
  destroy(aws: Aws, identity: I): Promise<void>;
}

/** One AWS thing, or one piece of work on a server. */
export interface Resource<Key extends string, N extends Needs, I extends Identity, O extends Output>
  extends Verbs<N, I, O> {
  /** The export's name, the key in the state, the tag and the label on the screen, all at once. */
  readonly key: Key;
  /** The only statement of order: all of these are finished before `create`, and gone only after `destroy`. */
  readonly needs: N;
}

/** Declares a resource. Every type is inferred from `needs` and from what the verbs return. */
export function resource<
  const Key extends string,
  const N extends Needs,
  I extends Identity,
  O extends Output = Record<never, string>,
>(key: Key, needs: N, verbs: Verbs<N, I, O>): Resource<Key, N, I, O> {
  return { key, needs, ...verbs };
}

/** A number of the tutorial, its title and its resources. */
export interface Step {
  readonly number: number;
  readonly title: string;
  readonly resources: readonly AnyResource[];
}

export function step(number: number, title: string, resources: readonly AnyResource[]): Step {
  return { number, title, resources };
}
