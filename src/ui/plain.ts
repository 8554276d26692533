import type { Listener } from '../engine/events.ts';
import { duration, spoken } from './format.ts';

/** Seconds without a line after which a sign of life is printed: some CI systems end a job that is silent. */
const heartbeatSeconds = 30;

/** A calm line for each change, for logs and for terminals that cannot redraw. */
export function plainLines(print: (line: string) => void): { listen: Listener; close(): void } {
  const working = new Map<string, string>();
  let lastLine = Date.now();
  const line = (text: string) => {
    lastLine = Date.now();
    print(text);
  };
  const heartbeat = setInterval(() => {
    if (Date.now() - lastLine < heartbeatSeconds * 1000 || working.size === 0) return;
    line(`     … still waiting for ${[...new Set(working.values())].join(', ')}`);
  }, 1000);
  heartbeat.unref();
  return {
    listen(event) {
      switch (event.event) {
        case 'resource.start':
          working.set(event.resource, spoken(event.resource));
          break;
        case 'resource.progress':
          working.set(event.resource, `${event.waitingFor} (${duration(event.elapsedSeconds)})`);
          break;
        case 'resource.done':
          working.delete(event.resource);
          if (event.outcome !== 'kept')
            line(`${tag(event.step)} ${spoken(event.resource)} ${event.outcome} (${duration(event.seconds)})`);
          break;
        case 'resource.failed':
          working.delete(event.resource);
          line(`${tag(event.step)} ${spoken(event.resource)} FAILED: ${event.code}: ${event.message}`);
          break;
        case 'step.done':
          line(`${tag(event.step)} ${event.title}: done`);
          break;
      }
    },
    close: () => clearInterval(heartbeat),
  };
}

function tag(step: number): string {
  return `[${String(step).padStart(2)}]`;
}
