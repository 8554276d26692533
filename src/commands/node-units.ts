import { bindTo } from '../engine/run.ts';
import { UserError } from '../errors.ts';
import { nodeUnits } from '../hosts/components.ts';
import { cluster } from '../steps/16-airflow/cluster.ts';
import { statesOf } from '../steps/16-airflow/proof.ts';
import { locate } from '../steps/16-airflow/servers.ts';
import { type Deployment, runOf } from './deployment.ts';

/** The units of one node as systemd has them, by name; or why they are not known. */
export interface NodeUnits {
  readonly node: 'nodeA' | 'nodeC';
  readonly units: Readonly<Record<string, string>>;
  readonly unknown?: string;
}

/** Asks the nodes that were configured. One that does not answer is told, and is no reason to end. */
export async function unitsOfNodes(deployment: Deployment): Promise<NodeUnits[]> {
  const { state } = deployment;
  const bastionId = state?.row('bastion')?.identity?.instanceId;
  if (!state || bastionId === undefined) return [];
  const aws = bindTo(runOf(deployment, state), cluster);
  const nodes = (['nodeA', 'nodeC'] as const).filter((node) => state.row(`${node}Configuration`)?.identity);
  return Promise.all(
    nodes.map(async (node): Promise<NodeUnits> => {
      try {
        const name = node === 'nodeA' ? 'a' : 'c';
        const host = await locate(aws, { name, instanceId: state.row(node)?.identity?.instanceId, bastionId });
        if (!host) return { node, units: {}, unknown: 'it does not run' };
        return { node, units: Object.fromEntries(await statesOf(aws, host, nodeUnits)) };
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        return { node, units: {}, unknown: error.what };
      }
    }),
  );
}

/** For a line: how many are active, and the others by name. */
export function unitsInWords({ units, unknown }: NodeUnits): string {
  if (unknown !== undefined) return `units not known: ${unknown}`;
  const states = Object.entries(units);
  const others = states.filter(([, state]) => state !== 'active').map(([name, state]) => `${name} ${state}`);
  return [`${states.length - others.length} of ${states.length} units active`, ...others].join(', ');
}
