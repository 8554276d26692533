/** Airflow's own API as the operator reaches it: over the internet, through the bastion. */
import { setTimeout as sleep } from 'node:timers/promises';
import { namespaces } from './network.ts';
import { inNamespace, run } from './processes.ts';

export interface TaskInstance {
  readonly task_id: string;
  readonly map_index: number;
  readonly state: string | null;
  readonly hostname: string | null;
  readonly try_number: number;
}

export class Airflow {
  readonly url: string;
  #token = '';

  constructor(url: string) {
    this.url = url;
  }

  async logIn(username: string, password: string) {
    const { access_token } = (await this.call('POST', '/auth/token', { username, password })) as {
      access_token: string;
    };
    this.#token = access_token;
  }

  /** The answer, parsed. Rejects when there is none within 20 s, or none with a status below 400. */
  async call(method: string, path: string, body?: object): Promise<unknown> {
    // Headers and body go in by a file of settings: what stands in arguments shows in every list of processes.
    const settings = [
      `url = "${this.url}${path}"`,
      `request = "${method}"`,
      'header = "content-type: application/json"',
      ...(this.#token === '' ? [] : [`header = "authorization: Bearer ${this.#token}"`]),
      ...(body === undefined ? [] : [`data = ${JSON.stringify(JSON.stringify(body))}`]),
    ];
    const curl = [
      'curl',
      '--silent',
      '--show-error',
      '--fail-with-body',
      '--insecure',
      '--max-time',
      '20',
      '--config',
      '-',
    ];
    return JSON.parse(await run(...inNamespace(namespaces.operator, curl), settings.join('\n')));
  }

  /** Waits until the dag-processors have found the DAG, lets it run and starts a run of it. */
  async start(dagId: string, runId: string) {
    await until(`DAG ${dagId}`, 120, async () => {
      await this.call('PATCH', `/api/v2/dags/${dagId}`, { is_paused: false });
      return true;
    });
    await this.call('POST', `/api/v2/dags/${dagId}/dagRuns`, { dag_run_id: runId, logical_date: null });
  }

  async state(dagId: string, runId: string): Promise<string> {
    return ((await this.call('GET', `/api/v2/dags/${dagId}/dagRuns/${runId}`)) as { state: string }).state;
  }

  /** When the first run of the DAG that ended well did so. */
  async firstEnd(dagId: string): Promise<string> {
    const path = `/api/v2/dags/${dagId}/dagRuns?state=success&order_by=end_date&limit=1`;
    const { dag_runs } = (await this.call('GET', path)) as { dag_runs: { end_date: string }[] };
    return dag_runs[0]!.end_date;
  }

  async tasks(dagId: string, runId: string): Promise<TaskInstance[]> {
    const path = `/api/v2/dags/${dagId}/dagRuns/${runId}/taskInstances`;
    return ((await this.call('GET', path)) as { task_instances: TaskInstance[] }).task_instances;
  }

  async log(dagId: string, runId: string, { task_id, map_index, try_number }: TaskInstance): Promise<string> {
    const path = `/api/v2/dags/${dagId}/dagRuns/${runId}/taskInstances/${task_id}/logs/${try_number}?map_index=${map_index}`;
    return JSON.stringify(await this.call('GET', path));
  }

  /** Waits until the run has ended, and tells how. A moment without an answer is no end. */
  async end(dagId: string, runId: string, timeoutSeconds: number): Promise<string> {
    return until(`the end of ${runId}`, timeoutSeconds, async () => {
      const state = await this.state(dagId, runId);
      return state === 'success' || state === 'failed' ? state : undefined;
    });
  }
}

/** Looks each second until there is something. What fails meanwhile counts as nothing. */
export async function until<T>(what: string, timeoutSeconds: number, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch (error) {
      last = error;
    }
    await sleep(1000);
  }
  throw new Error(`${what}: not within ${timeoutSeconds} s${last ? `; last: ${(last as Error).message}` : ''}`);
}
