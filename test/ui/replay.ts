import { wantedGraph } from '../../src/commands/deployment.ts';
import { resolveConfig } from '../../src/config.ts';
import { dependents, needsOf } from '../../src/engine/graph.ts';
import { steps } from '../../src/steps/index.ts';
import { progressList } from '../../src/ui/progress.ts';
import type { Expectations, Screen } from '../../src/ui/screen.ts';
import { ScreenModel } from './terminal.ts';

type Event = Parameters<Screen['listen']>[0];

/** A run of the defaults as it was on a terminal of this size, from its events. */
export class Replay {
  readonly screen: ScreenModel;
  readonly list: Screen;
  readonly #events: Event[];
  readonly #start: number;

  constructor(events: readonly object[], { columns, rows }: { columns: number; rows: number }) {
    this.#events = [...events] as Event[];
    this.#start = Date.parse(this.#events[0]!.virtualTime!);
    this.screen = new ScreenModel(columns, rows);
    const { titles, expected } = ofDefaults(this.#events[0]!);
    this.list = progressList(titles, expected, this.screen.stream);
  }

  /** Plays what happened in the first `seconds` of the run, and waits for the next frame. */
  async until(seconds: number): Promise<string> {
    const isDue = ({ virtualTime }: Event) => Date.parse(virtualTime!) <= this.#start + seconds * 1000;
    while (this.#events[0] && isDue(this.#events[0])) this.list.listen(this.#events.shift()!);
    await new Promise((next) => setTimeout(next, 250));
    return this.text();
  }

  async text(): Promise<string> {
    return `${(await this.screen.lines()).join('\n')}\n`;
  }
}

function ofDefaults(first: Event): { titles: Map<number, string>; expected: Expectations } {
  const destroys = first.event === 'run.start' && first.command === 'destroy';
  const graph = wantedGraph(resolveConfig({}).config);
  const needing = dependents(graph);
  const expected = new Map(
    steps.flatMap(({ number, resources }) =>
      resources
        .filter(({ key }) => graph.has(key))
        .map((one) => {
          const after = destroys ? (needing.get(one.key) ?? []) : needsOf(graph, one);
          return [
            one.key,
            { step: number, seconds: one.typicalSeconds[destroys ? 'destroy' : 'create'], after },
          ] as const;
        }),
    ),
  );
  return { titles: new Map(steps.map(({ number, title }) => [number, title])), expected };
}
