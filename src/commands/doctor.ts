import { exitCodes, UserError, userError } from '../errors.ts';
import { inspect } from '../preflight.ts';
import { hanging, painter } from '../ui/format.ts';
import { again } from './again.ts';
import type { CommandIo } from './command-io.ts';
import { type Deployment, type DeploymentFlags, openDeployment } from './deployment.ts';
import { clockFindings, machineFindings } from './doctor-machine.ts';
import { permissionFindings } from './doctor-permissions.ts';
import type { Finding } from './finding.ts';

/** Looks at everything that `up` will depend on, here and in the account, and changes nothing. Errors are exit 5. */
export async function doctor(io: CommandIo, flags: DeploymentFlags): Promise<number> {
  const findings = await machineFindings(io.directory, { rehearsal: flags.simulate === true });
  const opened = await open(io, flags);
  if ('finding' in opened) findings.push(opened.finding);
  else findings.push(...(await accountFindings(opened.deployment)));

  const errors = findings.filter(({ severity }) => severity === 'error');
  const warnings = findings.filter(({ severity }) => severity === 'warning');
  const failure = userError({
    code: 'doctor',
    exitCode: exitCodes.preflight,
    what: `${errors.length === 1 ? 'One thing stands' : `${errors.length} things stand`} in the way of "${again(flags, 'up')}".`,
    why: errors.map(({ what }) => what).join('\n'),
    fix: errors.flatMap(({ fix = [] }) => fix).join('\n'),
  });
  const ok = errors.length === 0;
  if (io.json) {
    const data = { checks: findings };
    const answer = { version: 1, command: 'doctor', ok, data };
    io.out(JSON.stringify(ok ? answer : { ...answer, error: failure.toJSON() }));
  } else {
    print(io, findings);
    io.out('');
    const aside = warnings.length === 0 ? '' : ` ${warnings.length} to think about.`;
    io.out(ok ? `Nothing stands in the way of "${again(flags, 'up')}".${aside}` : `${failure.what}${aside}`);
  }
  return ok ? exitCodes.ok : exitCodes.preflight;
}

/** The deployment, or what stands in the way of opening it: settings, state, credentials, clock, network. */
async function open(io: CommandIo, flags: DeploymentFlags): Promise<{ deployment: Deployment } | { finding: Finding }> {
  try {
    return { deployment: await openDeployment(io, flags) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { code, what, why, fix } = error;
    const name = subjects[code] ?? subjects[code.split('-')[0]!] ?? 'deployment';
    return { finding: { name, severity: 'error', what: `${what} ${why}`, fix } };
  }
}

const subjects: Readonly<Record<string, string>> = {
  'no-credentials': 'credentials',
  'credentials-expired': 'credentials',
  'clock-skew': 'clock',
  unreachable: 'network',
  // Any code that begins so.
  config: 'settings',
  state: 'state',
};

async function accountFindings(deployment: Deployment): Promise<Finding[]> {
  const { place, callerArn, world, state, graph } = deployment;
  const kind = world.kind === 'aws' ? '' : ` (${world.kind})`;
  const identity: Finding = {
    name: 'credentials',
    severity: 'ok',
    what: `Account ${place.accountId} as ${callerArn}, region ${place.region}${kind}.`,
  };
  const keys = [...graph.keys()];
  const missing = keys.filter((key) => state?.row(key) === undefined);
  const [clock, permissions, inspections] = await Promise.all([
    clockFindings(deployment),
    permissionFindings(deployment),
    inspect(deployment, missing, keys),
  ]);
  const looked = inspections.flatMap(({ name, problems, unknown }): Finding[] => {
    const subject = name.replace(/^the /, '');
    if (unknown !== undefined)
      return [
        {
          name: subject,
          severity: 'warning',
          what: `It could not be looked at (${unknown}).`,
          fix: 'Nothing, if this is an emulator; otherwise allow the reading call to whoever runs this.',
        },
      ];
    if (problems.length === 0) return [{ name: subject, severity: 'ok', what: wellTexts[subject]?.(deployment) ?? '' }];
    return problems.map(({ what, fix }) => ({ name: subject, severity: 'error', what, fix }));
  });
  return [identity, ...clock, ...permissions, ...looked];
}

/** What is well, in the terms of the settings. */
const wellTexts: Readonly<Record<string, (deployment: Deployment) => string>> = {
  'deployment’s name': ({ config }) => `Nothing in the account is called ${config.name} yet.`,
  'zones and instance types': ({ config, place }) =>
    `${config.zones.map((zone) => place.region + zone).join(' and ')} sell ${[...new Set([config.bastion.instanceType, config.nodes.instanceType])].join(' and ')}.`,
  'database class': ({ config }) =>
    `${config.database.instanceClass} with Aurora MySQL ${config.database.engineVersion} can be ordered.`,
  'cache engine': ({ config }) => `ElastiCache offers ${config.cache.engine} ${config.cache.engineVersion}.`,
  'vCPU quota': () => 'Room for the servers.',
  'address quota': () => 'Room for the NAT gateway’s address.',
  'VPC that is used': ({ config }) =>
    config.vpc === 'create'
      ? ''
      : `${config.vpc.use} and its subnets have the zones, the ways out and the DNS they need.`,
  'credentials of the DAG repository': ({ config }) =>
    `Parameter Store has ${config.airflow.dags.credentialsParameter}.`,
  'VPC quota': () => 'Room for the VPC.',
};

const words = { ok: 'OK', warning: 'warning', error: 'error' } as const;
const tones = { ok: 'green', warning: 'yellow', error: 'red' } as const;

function print({ out, columns = 100, colour = false }: CommandIo, findings: readonly Finding[]) {
  const paint = painter(colour);
  for (const { name, severity, what, fix } of findings) {
    const word = words[severity].padEnd(8);
    const label = `${word} ${name.padEnd(25)} `;
    const text = hanging(label, what, columns);
    out(text.replace(word, paint(tones[severity], word)));
    if (fix !== undefined) out(hanging(`${' '.repeat(label.length)}Fix: `, fix, columns));
  }
}
