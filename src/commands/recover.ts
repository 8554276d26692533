import { ec2Ids } from '../audit.ts';
import { type Disagreement, disagreements } from '../engine/disagreements.ts';
import type { Graph } from '../engine/graph.ts';
import type { AnyResource } from '../engine/resource.ts';
import type { Answers } from '../engine/run.ts';
import { exitCodes, UserError, userError } from '../errors.ts';
import { type State, stateDamaged } from '../state.ts';
import { spoken } from '../ui/format.ts';
import type { CommandIo } from './command-io.ts';
import { confirmed } from './confirm.ts';
import { type Deployment, type DeploymentFlags, everything, openFiles, runOf } from './deployment.ts';
import { rebuildState, stacksInAccount } from './rebuild.ts';
import { stateRebuild } from './state.ts';

const question = 'Make the state again from the account?';

function canAsk(io: CommandIo, flags: DeploymentFlags): boolean {
  return io.isTty && !io.json && flags.yes !== true;
}

/** A state that cannot be read is made again when somebody at a terminal wants it; elsewhere the error says how. */
export async function offerRebuild(io: CommandIo, flags: DeploymentFlags): Promise<void> {
  if (!canAsk(io, flags)) return;
  try {
    await openFiles({ ...io, note: () => {} }, flags);
  } catch (error) {
    // Whatever else is wrong is told when the deployment is opened.
    if (!(error instanceof UserError) || error.code !== stateDamaged) return;
    io.note(`${error.what} ${error.why}`);
    await confirmed(io, flags, question);
    await stateRebuild(io, flags);
  }
}

/**
 * Sees to it that the state is the account's: not lost, not edited, no copy of last week's. At a terminal it offers to
 * make it again; elsewhere it throws, and names the command. Without a state and with nothing in the account all is well.
 * Only what is in `graph` is looked at.
 */
export async function trustState(
  deployment: Deployment,
  flags: DeploymentFlags,
  { graph = everything(), answers }: { graph?: Graph; answers?: Answers } = {},
): Promise<void> {
  const { state } = deployment;
  const problem = state ? await differing(deployment, state, graph, answers) : await lost(deployment);
  if (!problem) return;
  if (!canAsk(deployment.io, flags)) throw problem;
  deployment.io.note(`${problem.what}\n${problem.why}`);
  await confirmed(deployment.io, flags, question);
  answers?.clear();
  deployment.state = await rebuildState(deployment);
  await deployment.state?.save();
}

function fix({ again }: Deployment): string {
  return `Run "${again('state rebuild')}" to make the state again from the account, then the same command.`;
}

async function lost(deployment: Deployment): Promise<UserError | undefined> {
  const { config, place, store } = deployment;
  const [...ids] = (await stacksInAccount(deployment)).ids;
  if (ids.length === 0) return undefined;
  return userError({
    code: 'state-lost',
    exitCode: exitCodes.usage,
    what: `${config.name} is in account ${place.accountId}, region ${place.region} (stack ${ids.join(' and ')}), and there is no state in ${store.name}.`,
    why: 'The file was lost, or is in another folder, or data was kept. A second deployment of this name would get in its way.',
    fix: `${fix(deployment)} For a second deployment, give it another name.`,
  });
}

async function differing(
  deployment: Deployment,
  state: State,
  graph: Graph,
  answers: Answers | undefined,
): Promise<UserError | undefined> {
  if (!(await isSuspect(deployment, state, graph))) return undefined;
  const found = await disagreements(runOf(deployment, state), graph, answers);
  if (found.length === 0) return undefined;
  return userError({
    code: 'state-differs',
    exitCode: exitCodes.usage,
    what: `The state in ${deployment.store.name} is not that of the account.`,
    why: `${found.slice(0, 5).map(inWords).join('\n')}${found.length > 5 ? `\nAnd ${found.length - 5} more.` : ''}`,
    fix: fix(deployment),
  });
}

/** Of the ids of EC2, those of things that carry our tags and that only we make and take away. */
const taggedId = /^(vpc|subnet|igw|rtb|eipalloc|nat|sg|key|i|ami)-/;

/**
 * Whether each resource has to be asked for, which is some forty calls. It need not when nobody has edited the state and
 * EC2, in one call, lists under the stack's tag just the ids that the state has: a copy of an earlier state lacks some.
 */
async function isSuspect({ clients }: Deployment, state: State, asked: Graph): Promise<boolean> {
  if (!state.sealed) return true;
  const ids = (resources: AnyResource[]) =>
    resources
      .map(({ key }) => state.row(key)?.identity ?? {})
      .flatMap((identity) => (identity.used ? [] : Object.values(identity)))
      .filter((id) => taggedId.test(id));
  const ofEc2 = [...asked.values()].filter(({ type }) => type.startsWith('AWS::EC2::'));
  const recorded = ids(ofEc2);
  // What destroy takes no time for is nobody's to take away, and need not carry our tags.
  const ours = ids(ofEc2.filter(({ typicalSeconds }) => typicalSeconds.destroy > 0));
  const tagged = await ec2Ids(clients.ec2, 'airflow-aws:stack', state.stack.id);
  return ours.some((id) => !tagged.has(id)) || [...tagged].some((id) => taggedId.test(id) && !recorded.includes(id));
}

function inWords({ key, recorded, tagged }: Disagreement): string {
  const ids = (identity: object) => Object.values(identity).join(' ');
  if (!tagged) return `${spoken(key)}: ${ids(recorded!)} does not carry the tags of this deployment.`;
  if (!recorded) return `${spoken(key)}: the state has nothing; by its tags there is ${ids(tagged)}.`;
  return `${spoken(key)}: the state has ${ids(recorded)}; by its tags it is ${ids(tagged)}.`;
}
