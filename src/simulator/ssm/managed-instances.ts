import type {
  DescribeInstanceInformationCommandInput,
  DescribeInstanceInformationCommandOutput,
  GetConnectionStatusCommandInput,
  GetConnectionStatusCommandOutput,
  InstanceInformation,
} from '@aws-sdk/client-ssm';
import type { Scope } from '../account.ts';
import { type InstanceRow, instanceTable } from '../ec2/instances.ts';
import { publicImages } from '../ec2/public-images.ts';
import { parsePolicy } from '../iam/documents.ts';
import { decide } from '../iam/evaluation.ts';
import { instanceProfileTable } from '../iam/instance-profiles.ts';
import { defaultDocument, requirePolicyArn } from '../iam/managed-policies.ts';
import { type RoleRow, roleTable } from '../iam/roles.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { ssmPage } from './tags.ts';

/** Milliseconds from boot until the agent has registered. */
const registrationMilliseconds = 20_000;

const debian = '136693071363';

function mayRegister(scope: Scope, { inlinePolicies, attachedPolicies }: RoleRow): boolean {
  const documents = [
    ...Object.values(inlinePolicies),
    ...attachedPolicies.map((arn) => defaultDocument(requirePolicyArn(scope, arn))),
  ];
  const policies = documents.map((text) => ({
    id: '',
    source: 'role' as const,
    statements: parsePolicy(text, 'identity'),
  }));
  return (
    decide(policies, { action: 'ssm:UpdateInstanceInformation', resource: '*', context: {} }).decision === 'allowed'
  );
}

/** Since when Systems Manager reaches an instance: it runs, its image has the agent, and its role lets the agent register. */
function managedSince(scope: Scope, instance: InstanceRow): number | undefined {
  if (instance.bootedAt === undefined) return undefined;
  const image = publicImages(scope).find(({ imageId }) => imageId === instance.imageId);
  if (image?.ownerId === debian) return undefined;
  const profile = instanceProfileTable(scope)
    .all()
    .find(({ arn }) => arn === instance.iamInstanceProfileArn);
  const role = roleTable(scope).peek(profile?.roleNames[0]);
  const since = instance.bootedAt + registrationMilliseconds;
  return role && since <= scope.now && mayRegister(scope, role) ? since : undefined;
}

/** True when commands and sessions reach the instance now. */
export function isReachable(scope: Scope, instance: InstanceRow): boolean {
  return instance.state === 'running' && managedSince(scope, instance) !== undefined;
}

function describe(scope: Scope, instance: InstanceRow, since: number): InstanceInformation {
  const online = instance.state === 'running';
  return {
    InstanceId: instance.instanceId,
    PingStatus: online ? 'Online' : 'ConnectionLost',
    LastPingDateTime: new Date(online ? scope.now : instance.stateSince),
    AgentVersion: '3.3.3050.0',
    IsLatestVersion: true,
    PlatformType: 'Linux',
    PlatformName: 'Amazon Linux',
    PlatformVersion: '2023',
    ResourceType: 'EC2Instance',
    IPAddress: instance.privateIpAddress,
    ComputerName: `ip-${instance.privateIpAddress.replaceAll('.', '-')}.${scope.region}.compute.internal`,
    RegistrationDate: new Date(since),
    SourceId: instance.instanceId,
    SourceType: 'AWS::EC2::Instance',
  };
}

function filterValues(scope: Scope, instance: InstanceRow, key: string): string[] {
  if (key.startsWith('tag:')) return [instance.tags[key.slice(4)]].filter((value) => value !== undefined);
  switch (key) {
    case 'InstanceIds':
      return [instance.instanceId];
    case 'PingStatus':
      return [describe(scope, instance, 0).PingStatus ?? ''];
    case 'PlatformTypes':
      return ['Linux'];
    case 'ResourceType':
      return ['EC2Instance'];
    case 'AgentVersion':
      return ['3.3.3050.0'];
    case 'tag-key':
      return Object.keys(instance.tags);
    case 'IamRole':
    case 'ActivationIds':
    case 'AssociationStatus':
      return [];
    default:
      throw refusal('InvalidInstanceInformationFilterValue', `The filter key ${key} is not valid`);
  }
}

export const managedInstances: Noun = {
  service: 'ssm',
  operations: {
    DescribeInstanceInformation: operation<
      DescribeInstanceInformationCommandInput,
      DescribeInstanceInformationCommandOutput
    >(['InstanceInformationFilterList', 'Filters', 'MaxResults', 'NextToken'], (scope, input) => {
      const { InstanceInformationFilterList = [], Filters = [], ...paging } = input;
      const filters = [
        ...InstanceInformationFilterList.map(({ key = '', valueSet = [] }) => ({ key, values: valueSet })),
        ...Filters.map(({ Key = '', Values = [] }) => ({ key: Key, values: Values })),
      ];
      const found = instanceTable(scope)
        .list()
        .filter(({ state }) => state !== 'terminated')
        .filter((instance) =>
          filters.every(({ key, values }) =>
            filterValues(scope, instance, key).some((value) => values.includes(value)),
          ),
        )
        .flatMap((instance) => {
          const since = managedSince(scope, instance);
          return since === undefined ? [] : [describe(scope, instance, since)];
        });
      const { page, ...more } = ssmPage(found, paging, 50);
      return { InstanceInformationList: page, ...more };
    }),
    GetConnectionStatus: operation<GetConnectionStatusCommandInput, GetConnectionStatusCommandOutput>(
      ['Target'],
      (scope, { Target = '' }) => {
        const instance = instanceTable(scope).get(Target);
        const connected = instance !== undefined && isReachable(scope, instance);
        return { Target, Status: connected ? 'connected' : 'notconnected' };
      },
    ),
  },
};
