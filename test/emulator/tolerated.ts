import type { EmulatorKind } from './harness.ts';
import type { Counts } from './inventory.ts';

/** One way in which an emulator is not AWS, and what the journeys make of it. */
interface Difference {
  emulators: EmulatorKind[];
  difference: string;
  /** Why the journeys let it pass, and who judges the matter instead. */
  reason: string;
  /** Types that may be left in the account after `destroy`, because of this difference alone. */
  mayStay?: string[];
}

/**
 * Every difference from AWS that the journeys tolerate. The product follows AWS and knows none of them; the gaps that
 * would stop the work of STEP 1–15 altogether are filled in moto-layer/ and ministack-layer/, for any client alike.
 */
const TOLERATED: Difference[] = [
  {
    emulators: ['moto', 'ministack'],
    difference: 'Everything is available at once and gone at once; describes never lag.',
    reason:
      'The journeys judge calls and recovery over real HTTP. Waits and lags are the simulated account’s to judge.',
  },
  {
    emulators: ['moto', 'ministack'],
    difference: 'The same ClientToken makes a second instance, NAT gateway or route table.',
    reason: 'Harder than AWS: a resumed run must find what it made instead of leaning on the token.',
  },
  {
    emulators: ['moto', 'ministack'],
    difference: 'Much that is in use can be deleted (security groups, subnets, target groups; on ministack gateways).',
    reason: 'The order of destroy is judged by the simulated account, which refuses as AWS does.',
  },
  {
    emulators: ['moto'],
    difference: 'CreateBucket drops its tags.',
    reason: 'Harder than AWS: a run that is killed there leaves a bucket without a tag, and must know it by its name.',
  },
  {
    emulators: ['moto', 'ministack'],
    difference: 'Quotas, prices, engine versions and permissions cannot be asked for, or answer without an error code.',
    reason: 'They are advice on AWS too: a preflight that cannot ask warns and goes on.',
  },
  {
    emulators: ['other'],
    difference: 'What comes along with a resource by itself may outlive it.',
    reason: 'Nobody asked for it by a call, and AWS takes it away by itself; an unknown emulator has no layer of ours.',
    mayStay: ['network interface', 'volume', 'DB cluster snapshot'],
  },
];

/** What `destroy` has left behind, without what the emulator, not the product, is to blame for. */
export function leftBehind(kind: EmulatorKind, counts: Counts): Counts {
  const mayStay = new Set(TOLERATED.flatMap((d) => (d.emulators.includes(kind) ? (d.mayStay ?? []) : [])));
  return Object.fromEntries(Object.entries(counts).filter(([type]) => !mayStay.has(type)));
}
