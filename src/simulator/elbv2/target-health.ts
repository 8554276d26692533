import type { TargetHealth } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Scope } from '../account.ts';
import { type InstanceRow, instanceTable } from '../ec2/instances.ts';
import { type NetworkInterfaceRow, networkInterfaceTable } from '../ec2/network-interface-rows.ts';
import { securityGroupAllows } from '../ec2/security-group-rule-rows.ts';
import { hostTable } from '../hosts/host-row.ts';
import { loadBalancersOf } from './forwarding.ts';
import { type LoadBalancerRow, loadBalancerTable, type TargetGroupRow, type TargetRow } from './rows.ts';

const words: Record<string, string> = {
  'Elb.RegistrationInProgress': 'Target registration is in progress',
  'Elb.InitialHealthChecking': 'Initial health checks in progress',
  'Target.DeregistrationInProgress': 'Target deregistration is in progress',
  'Target.NotInUse': 'Target group is not configured to receive traffic from the load balancer',
  'Target.NotRegistered': 'Target is not registered to the target group',
  'Target.HealthCheckDisabled': 'Health checks are not enabled for this target',
  'Target.FailedHealthChecks': 'Health checks failed',
  'Target.Timeout': 'Request timed out',
};

/** The first seconds are registration, the rest health checks. */
const registrationSeconds = 5;

function health(
  State: NonNullable<TargetHealth['State']>,
  Reason: NonNullable<TargetHealth['Reason']>,
  Description = words[Reason],
): TargetHealth {
  return { State, Reason, Description };
}

export const notRegistered = health('unused', 'Target.NotRegistered');

/** The instance behind a target, whether it was registered by id or by address. */
function instanceOf(scope: Scope, group: TargetGroupRow, { id }: TargetRow): InstanceRow | undefined {
  if (group.targetType === 'instance') return instanceTable(scope).peek(id);
  return instanceTable(scope).peek(interfaceOf(scope, group, id)?.instanceId);
}

function interfaceOf(scope: Scope, { vpcId }: TargetGroupRow, address: string): NetworkInterfaceRow | undefined {
  return networkInterfaceTable(scope)
    .all()
    .find((row) => row.vpcId === vpcId && row.privateIpAddress === address);
}

/** What AWS would say now. A target of a running instance without a simulated server counts as answering. */
export function healthOf(scope: Scope, group: TargetGroupRow, target: TargetRow): TargetHealth {
  if (target.drainingUntil !== undefined) return health('draining', 'Target.DeregistrationInProgress');
  const [loadBalancerArn] = loadBalancersOf(scope, group.targetGroupArn);
  const loadBalancer = loadBalancerTable(scope).peek(loadBalancerArn);
  if (!loadBalancer) return health('unused', 'Target.NotInUse');
  if (!group.healthCheck.enabled) return health('unavailable', 'Target.HealthCheckDisabled');
  const instance = instanceOf(scope, group, target);
  const state = instance?.state ?? (group.targetType === 'instance' ? 'terminated' : 'running');
  if (state === 'stopped' || state === 'terminated')
    return health('unused', 'Target.InvalidState', `Target is in the ${state} state`);
  if (instance && !loadBalancer.zones.some(({ zoneName }) => zoneName === instance.availabilityZone))
    return health(
      'unused',
      'Target.NotInUse',
      'Target is in an Availability Zone that is not enabled for the load balancer',
    );
  if (loadBalancer.activeAt === undefined) return health('initial', 'Elb.RegistrationInProgress');
  const since = Math.max(
    target.registeredAt,
    group.inUseSince ?? 0,
    loadBalancer.activeAt,
    state === 'running' ? (instance?.stateSince ?? 0) : scope.now,
  );
  const elapsed = (scope.now - since) / 1000;
  if (elapsed < registrationSeconds) return health('initial', 'Elb.RegistrationInProgress');
  if (elapsed < target.checkSeconds) return health('initial', 'Elb.InitialHealthChecking');
  return instance ? answerOf(scope, loadBalancer, group, target, instance) : { State: 'healthy' };
}

/** What the health checks of a simulated server found: they run in the account's time, not only when somebody looks. */
function answerOf(
  scope: Scope,
  loadBalancer: LoadBalancerRow,
  group: TargetGroupRow,
  target: TargetRow,
  instance: InstanceRow,
): TargetHealth {
  const host = hostTable(scope).peek(instance.instanceId);
  if (!host) return { State: 'healthy' };
  const { port, healthyThreshold, intervalSeconds } = group.healthCheck;
  const reached = loadBalancer.zones.some(({ networkInterfaceId }) =>
    securityGroupAllows(scope, {
      groupIds: instance.groupIds,
      port: port === 'traffic-port' ? target.port : Number(port),
      protocol: 'tcp',
      fromAddress: networkInterfaceTable(scope).peek(networkInterfaceId)?.privateIpAddress,
      fromGroupIds: loadBalancer.securityGroups,
    }),
  );
  const answers = reached && ['nginx', 'nginx.service'].some((unit) => host.units[unit] === 'active');
  if (!answers) target.silentAt = scope.now;
  // A target that once failed is out until it passed as many checks in a row as the group wants.
  const passed = (scope.now - (target.silentAt ?? 0)) / 1000 >= healthyThreshold * intervalSeconds;
  if (answers && passed) return { State: 'healthy' };
  return health('unhealthy', reached ? 'Target.FailedHealthChecks' : 'Target.Timeout');
}
