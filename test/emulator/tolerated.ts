import type { EmulatorKind } from './harness.ts';
import type { Counts } from './inventory.ts';

/** One way in which an emulator is not AWS, and what the journeys make of it. */
export interface Difference {
  emulator: EmulatorKind;
  difference: string;
  /** Why the journeys let it pass instead of filling it in the emulator's layer. */
  reason: string;
  /** Types that may be left in the account after `destroy`, because of this difference alone. */
  mayStay?: string[];
}

/**
 * Every difference from AWS that the journeys tolerate. The product follows AWS and knows none of them; a difference
 * that is not in this table fails a journey.
 */
export const TOLERATED: Difference[] = [];

/** What `destroy` has left behind, without what the emulator, not the product, is to blame for. */
export function leftBehind(kind: EmulatorKind, counts: Counts): Counts {
  const mayStay = new Set(TOLERATED.filter((d) => d.emulator === kind).flatMap((d) => d.mayStay ?? []));
  return Object.fromEntries(Object.entries(counts).filter(([type]) => !mayStay.has(type)));
}
