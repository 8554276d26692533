import { afterEach, describe, expect, test, vi } from 'vitest';
import { stopOnSignal } from '../../src/commands/running.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Signals are handed to the listeners alone: the process that runs the tests goes on. */
function stoppable() {
  const told: string[] = [];
  const screen = {
    listen: () => {},
    say: (text: string) => told.push(text),
    close: async () => {},
    abandon: () => told.push('(abandoned)'),
  };
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => {
    throw new Error('the process has ended');
  });
  const stopping = stopOnSignal({
    screen,
    goOn: 'airflow-aws up --resume',
    beforeEnd: () => told.push('(world closed)'),
  });
  return { told, exit, stopping };
}

describe('Ctrl-C in a run', () => {
  test('once ends nothing by force and says what happens and what a second one does', () => {
    const { told, exit, stopping } = stoppable();
    process.emit('SIGINT', 'SIGINT');
    stopping.done();
    expect(stopping.signal.aborted).toBe(true);
    expect(told).toEqual([expect.stringMatching(/^Stopping: .* Ctrl-C once more stops at once\.$/)]);
    expect(exit).not.toHaveBeenCalled();
    expect(stopping.exitCode()).toBe(7);
  });

  test('twice gives the terminal back, says how to go on, and ends with 7', () => {
    const { told, exit, stopping } = stoppable();
    process.emit('SIGINT', 'SIGINT');
    expect(() => process.emit('SIGINT', 'SIGINT')).toThrow('the process has ended');
    stopping.done();
    expect(told.slice(1)).toEqual([
      '(world closed)',
      'Stopped at once; what exists is recorded. Go on with "airflow-aws up --resume".',
      '(abandoned)',
    ]);
    expect(exit).toHaveBeenCalledExactlyOnceWith(7);
  });

  test('SIGTERM stops as carefully, and its exit code is 143', () => {
    const { stopping } = stoppable();
    process.emit('SIGTERM', 'SIGTERM');
    stopping.done();
    expect(stopping.signal.aborted).toBe(true);
    expect(stopping.exitCode()).toBe(143);
  });

  test('after the run a signal is nobody’s', () => {
    const { told, stopping } = stoppable();
    stopping.done();
    process.emit('SIGINT', 'SIGINT');
    expect([stopping.signal.aborted, told]).toEqual([false, []]);
  });
});
