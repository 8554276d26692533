import { duration, spoken } from './format.ts';
import type { Screen } from './screen.ts';

/** Seconds without a line after which a sign of life is printed: some CI systems end a job that is silent. */
const heartbeatSeconds = 30;

/** Waits that a sign of life names; the others are counted. */
const namedWaits = 3;

/** A calm line for each change, for logs and for terminals that cannot redraw. */
export function plainLines(print: (line: string) => void): Screen {
  const working = new Map<string, string>();
  const changed = new Set<number>();
  let lastLine = Date.now();
  const line = (text: string) => {
    lastLine = Date.now();
    print(text);
  };
  const heartbeat = setInterval(() => {
    if (Date.now() - lastLine < heartbeatSeconds * 1000 || working.size === 0) return;
    const waits = [...new Set(working.values())];
    const more = waits.length > namedWaits ? ` and ${waits.length - namedWaits} more` : '';
    line(`     … still working: ${waits.slice(0, namedWaits).join('; ')}${more}`);
  }, 1000);
  // A run ends by its own work, never by this.
  heartbeat.unref();
  return {
    listen(event) {
      switch (event.event) {
        case 'resource.start':
          working.set(event.resource, spoken(event.resource));
          break;
        case 'resource.progress':
          working.set(
            event.resource,
            `${spoken(event.resource)}: ${event.waitingFor}, ${duration(event.elapsedSeconds)} of about ${duration(event.typicalSeconds)}`,
          );
          break;
        case 'resource.done':
          working.delete(event.resource);
          if (event.outcome === 'kept') break;
          changed.add(event.step);
          line(`${tag(event.step)} ${spoken(event.resource)} ${event.outcome} (${duration(event.seconds)})`);
          break;
        case 'resource.failed':
          working.delete(event.resource);
          line(`${tag(event.step)} ${spoken(event.resource)} FAILED: ${event.code}: ${event.message}`);
          break;
        case 'step.done':
          if (changed.has(event.step)) line(`${tag(event.step)} ${event.title}: done`);
          break;
        case 'run.done':
          if (working.size > 0) line(`     not finished: ${[...working.keys()].map(spoken).join(', ')}`);
          break;
      }
    },
    say: line,
    close: async () => clearInterval(heartbeat),
    abandon: () => clearInterval(heartbeat),
  };
}

function tag(step: number): string {
  return `[${String(step).padStart(2)}]`;
}
