import { dependents, type Graph, inOrder } from './graph.ts';
import type { Run } from './run.ts';
import { StepLines } from './step-lines.ts';
import { ending, note, type Outcome, takeAway } from './up.ts';

/**
 * Destroys whatever nothing needs any more, until every row of `graph` is gone. A resource that says `letGo` lets what it
 * needs go too before it is gone itself. Rows outside of `graph` stay.
 */
export async function destroy(run: Run, graph: Graph): Promise<Outcome> {
  const outcome: Outcome = { failed: [], skipped: [], stopped: false, spans: new Map() };
  const steps = new StepLines(run, graph);
  const needing = dependents(graph);
  const tasks = new Map<string, { released: Promise<boolean>; gone: Promise<boolean> }>();

  for (const resource of inOrder(graph).reverse()) {
    const { key } = resource;
    let letGo = () => {};
    let released: number | undefined;
    const early = new Promise<boolean>((resolve) => {
      letGo = () => {
        released ??= run.clock.now();
        resolve(true);
      };
    });
    const gone = (async () => {
      const ready = await Promise.all((needing.get(key) ?? []).map((one) => tasks.get(one)!.released));
      if (ready.includes(false) || ending(run, outcome)) {
        outcome.skipped.push(key);
        return false;
      }
      const start = run.clock.now();
      const { used } = run.state.row(key)?.identity ?? {};
      steps.start(key, 'destroy');
      try {
        await takeAway(run, resource, letGo);
        const end = run.clock.now();
        outcome.spans.set(key, { start, end, released: released ?? end });
        steps.done(key, (end - start) / 1000, used ? 'left' : 'destroyed');
        return true;
      } catch (error) {
        outcome.spans.set(key, { start, end: run.clock.now(), released: run.clock.now() });
        note(outcome, steps, key, error);
        return false;
      }
    })();
    tasks.set(key, { gone, released: Promise.race([early, gone]) });
  }
  await Promise.all([...tasks.values()].map(({ gone }) => gone));
  outcome.stopped = run.signal.aborted;
  return outcome;
}
