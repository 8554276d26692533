/** Simulated time. Everything here counts in milliseconds since 1970, as `Date` does. */

export interface SimulatedClock {
  now(): number;
  /** Resolves when `milliseconds` of simulated time have passed. */
  sleep(milliseconds: number): Promise<void>;
  /** Holds virtual time still while `work` does something that takes real time (a call in flight, a file being read). */
  busy<T>(work: () => Promise<T>): Promise<T>;
  /** The opposite, for a wait inside such work: time may pass. */
  idle<T>(work: () => Promise<T>): Promise<T>;
  /** The machine is suspended for that long: the world's time goes on, and timers go on where they were. */
  suspend(milliseconds: number): void;
  /** How many are asleep; nobody asleep means that only calls move a virtual clock. */
  sleepers(): number;
}

interface Sleeper {
  at: number;
  order: number;
  wake: () => void;
}

/**
 * Nothing sleeps in real time: as soon as nobody has anything left to do, the clock jumps to the earliest sleeper.
 * Two sleepers for the same moment wake in the order in which they went to sleep, so a seed gives one run.
 */
export class VirtualClock implements SimulatedClock {
  #now: number;
  #order = 0;
  #busy = 0;
  #armed = false;
  #quietTurns = 0;
  #sleepers: Sleeper[] = [];

  constructor(startMilliseconds: number) {
    this.#now = startMilliseconds;
  }

  now(): number {
    return this.#now;
  }

  sleepers(): number {
    return this.#sleepers.length;
  }

  suspend(milliseconds: number) {
    this.#now += milliseconds;
    for (const sleeper of this.#sleepers) sleeper.at += milliseconds;
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((wake) => {
      const sleeper = { at: this.#now + Math.max(0, milliseconds), order: this.#order++, wake };
      const place = this.#sleepers.findIndex((other) => other.at > sleeper.at);
      this.#sleepers.splice(place === -1 ? this.#sleepers.length : place, 0, sleeper);
      this.#arm();
    });
  }

  async busy<T>(work: () => Promise<T>): Promise<T> {
    this.#busy++;
    try {
      return await work();
    } finally {
      this.#busy--;
      this.#quietTurns = 0;
    }
  }

  async idle<T>(work: () => Promise<T>): Promise<T> {
    this.#busy--;
    try {
      return await work();
    } finally {
      this.#busy++;
    }
  }

  #arm() {
    if (this.#armed) return;
    this.#armed = true;
    this.#quietTurns = 0;
    setImmediate(() => this.#turn());
  }

  #turn() {
    // One whole turn of the event loop without work in flight means that everybody who was woken has gone to sleep again.
    this.#quietTurns = this.#busy > 0 ? 0 : this.#quietTurns + 1;
    if (this.#quietTurns < 2) {
      setImmediate(() => this.#turn());
      return;
    }
    this.#armed = false;
    const next = this.#sleepers.shift();
    if (!next) return;
    this.#now = Math.max(this.#now, next.at);
    next.wake();
    if (this.#sleepers.length > 0) this.#arm();
  }
}

/** Runs `speed` simulated seconds to a real one, for clients that sleep by themselves. */
export class ScaledClock implements SimulatedClock {
  readonly #realStart = performance.now();
  #start: number;
  readonly #speed: number;
  #sleepers = 0;

  constructor(startMilliseconds: number, speed: number) {
    this.#start = startMilliseconds;
    this.#speed = speed;
  }

  now(): number {
    return this.#start + (performance.now() - this.#realStart) * this.#speed;
  }

  sleepers(): number {
    return this.#sleepers;
  }

  suspend(milliseconds: number) {
    this.#start += milliseconds;
  }

  async sleep(milliseconds: number): Promise<void> {
    this.#sleepers++;
    await new Promise((wake) => setTimeout(wake, milliseconds / this.#speed));
    this.#sleepers--;
  }

  busy<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  idle<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }
}
