import type { Clock } from '../../src/engine/clock.ts';

/** Time that passes only in sleeps, in their order: as long as something can go on without sleeping, it stands still. */
export class VirtualClock implements Clock {
  #now = Date.parse('2026-11-23T09:00:00Z');
  #asleep: { until: number; wake: () => void }[] = [];
  #turning = false;

  now(): number {
    return this.#now;
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((wake) => {
      this.#asleep.push({ until: this.#now + milliseconds, wake });
      this.#turn();
    });
  }

  #turn() {
    if (this.#turning) return;
    this.#turning = true;
    setImmediate(() => {
      this.#turning = false;
      this.#asleep.sort((one, other) => one.until - other.until);
      const first = this.#asleep.shift();
      if (!first) return;
      this.#now = Math.max(this.#now, first.until);
      first.wake();
      if (this.#asleep.length > 0) this.#turn();
    });
  }
}
