import type { Scope } from '../account.ts';
import { imageTable } from '../ec2/images.ts';
import { keyPairTable } from '../ec2/key-pairs.ts';
import { profileAssociationTable } from '../ec2/profile-associations.ts';
import { publicImages } from '../ec2/public-images.ts';
import { routeTableTable } from '../ec2/route-tables.ts';
import { snapshotTable } from '../ec2/snapshot-rows.ts';
import { tagsFor } from '../ec2/tags.ts';
import { instanceProfileTable } from '../iam/instance-profiles.ts';
import { passRole } from './iam.ts';
import { type AuthorizationRequest, type Call, requestTags, resourceTags, tagsByArn, text, texts } from './request.ts';

/** Types of what a call makes, as in ARNs. Each may carry the tags of its own specification. */
const makes: Readonly<Record<string, readonly string[]>> = {
  AllocateAddress: ['elastic-ip'],
  CopySnapshot: ['snapshot'],
  CreateImage: ['image', 'snapshot'],
  CreateInternetGateway: ['internet-gateway'],
  CreateKeyPair: ['key-pair'],
  CreateLaunchTemplate: ['launch-template'],
  CreateNatGateway: ['natgateway'],
  CreateNetworkAcl: ['network-acl'],
  CreateNetworkInterface: ['network-interface'],
  CreateRouteTable: ['route-table'],
  CreateSecurityGroup: ['security-group'],
  CreateSnapshot: ['snapshot'],
  CreateSubnet: ['subnet'],
  CreateVolume: ['volume'],
  CreateVpc: ['vpc'],
  CreateVpcEndpoint: ['vpc-endpoint'],
  ImportKeyPair: ['key-pair'],
  RunInstances: ['instance', 'volume', 'network-interface'],
};

/** By the prefix of an id: its type in ARNs. */
const types: Readonly<Record<string, string>> = {
  vpc: 'vpc',
  subnet: 'subnet',
  igw: 'internet-gateway',
  rtb: 'route-table',
  eipalloc: 'elastic-ip',
  nat: 'natgateway',
  sg: 'security-group',
  i: 'instance',
  vol: 'volume',
  eni: 'network-interface',
  acl: 'network-acl',
  lt: 'launch-template',
  vpce: 'vpc-endpoint',
};

/** What a call names without being asked about it: where a route leads is nobody's concern but the table's. */
const notAsked: Readonly<Record<string, readonly string[]>> = {
  CreateRoute: ['GatewayId', 'NatGatewayId', 'NetworkInterfaceId', 'InstanceId'],
  ReplaceRoute: ['GatewayId', 'NatGatewayId', 'NetworkInterfaceId', 'InstanceId'],
};

interface Thing {
  arn: string;
  context: AuthorizationRequest['context'];
}

/** What EC2 asks about a call: about each thing that it makes, each that it names, and each tag that it puts on. */
export function ec2Requests({ scope, operation, input }: Call): AuthorizationRequest[] {
  const action = `ec2:${operation}`;
  if (/^(Describe|Get|Search)/.test(operation)) return [{ action, resource: '*', context: {} }];
  if (operation === 'CreateTags' || operation === 'DeleteTags') return tagging(scope, action, input);
  const made = (makes[operation] ?? []).map((type) => ({
    arn: ec2Arn(scope, type, newName(type, input)),
    tags: requestTags(tagsFor(input.TagSpecifications as never, type)),
  }));
  const ids = idsIn(scope, operation, input);
  const named = ids.flatMap((id) => thingWithId(scope, id));
  if (makes[operation] === undefined || operation === 'RunInstances') named.push(...keyNamed(scope, input));
  const requests = [
    ...made.map(({ arn, tags }) => ({ action, resource: arn, context: tags })),
    ...named.map(({ arn, context }) => ({ action, resource: arn, context })),
  ];
  // What is named and not there, or does not show yet, is answered with "not found" and asked about by nobody.
  if (requests.length === 0 && ids.length === 0 && input.KeyName === undefined)
    requests.push({ action, resource: '*', context: {} });
  const tagged = made
    .filter(({ tags }) => Object.keys(tags).length > 0)
    .map(({ arn, tags }) => ({
      action: 'ec2:CreateTags',
      resource: arn,
      context: { ...tags, 'ec2:CreateAction': [operation] },
    }));
  return [...requests, ...tagged, ...passedRole(scope, input)];
}

function tagging(scope: Scope, action: string, input: Call['input']): AuthorizationRequest[] {
  const tags = Object.fromEntries(
    ((input.Tags ?? []) as { Key: string; Value?: string }[]).map(({ Key, Value = '' }) => [Key, Value]),
  );
  return texts(input.Resources)
    .flatMap((id) => thingWithId(scope, id))
    .map(({ arn, context }) => ({ action, resource: arn, context: { ...context, ...requestTags(tags) } }));
}

/** An image and a snapshot belong to no account in an ARN, since they may be anybody's. */
export function ec2Arn(scope: Scope, type: string, name = '*'): string {
  const accountId = type === 'image' || type === 'snapshot' ? '' : scope.accountId;
  return scope.arn('ec2', `${type}/${name}`, { accountId });
}

/** A key pair is named in its ARN before there is one. */
function newName(type: string, input: Call['input']): string | undefined {
  return type === 'key-pair' ? text(input.KeyName) : undefined;
}

function idsIn(scope: Scope, operation: string, input: Call['input']): string[] {
  const ids = new Set<string>();
  const skipped = notAsked[operation] ?? [];
  for (const [member, value] of Object.entries(input)) {
    if (skipped.includes(member)) continue;
    for (const one of texts(value)) ids.add(one);
  }
  for (const one of (input.NetworkInterfaces ?? []) as { SubnetId?: string; Groups?: string[] }[])
    for (const id of [...texts(one.SubnetId), ...texts(one.Groups)]) ids.add(id);
  const association = text(input.AssociationId);
  if (association !== undefined) for (const id of endsOf(scope, association)) ids.add(id);
  return [...ids].filter((id) => anyId.test(id));
}

const anyId = /^([a-z]+)-[0-9a-f]{8,}$/;

/** What an association holds together. */
function endsOf(scope: Scope, association: string): string[] {
  for (const { routeTableId, associations } of routeTableTable(scope).list())
    for (const { associationId, subnetId } of associations)
      if (associationId === association) return subnetId === undefined ? [routeTableId] : [routeTableId, subnetId];
  const instanceId = profileAssociationTable(scope).peek(association)?.instanceId;
  return instanceId === undefined ? [] : [instanceId];
}

/** EC2 looks a thing up before it asks about it, and answers that there is none by itself. */
function thingWithId(scope: Scope, id: string): Thing[] {
  const [, prefix = ''] = anyId.exec(id) ?? [];
  if (prefix === 'ami') {
    const own = imageTable(scope).peek(id);
    const owner = own ? scope.accountId : publisherOf(scope, id);
    if (owner === undefined) return [];
    return [{ arn: ec2Arn(scope, 'image', id), context: { ...resourceTags(own?.tags), 'ec2:Owner': [owner] } }];
  }
  if (prefix === 'snap') {
    const snapshot = snapshotTable(scope).peek(id);
    if (!snapshot) return [];
    const context = { ...resourceTags(snapshot.tags), 'ec2:Owner': [scope.accountId] };
    return [{ arn: ec2Arn(scope, 'snapshot', id), context }];
  }
  const type = types[prefix];
  if (type === undefined) return [];
  const arn = ec2Arn(scope, type, id);
  const tags = tagsByArn(scope, arn);
  return tags === undefined ? [] : [{ arn, context: resourceTags(tags) }];
}

function keyNamed(scope: Scope, input: Call['input']): Thing[] {
  const keyName = text(input.KeyName);
  const found = keyPairTable(scope)
    .list()
    .find((one) => one.keyName === keyName);
  return found ? [{ arn: ec2Arn(scope, 'key-pair', keyName), context: resourceTags(found.tags) }] : [];
}

/** As the condition key has it: Amazon by name, anybody else by number. */
function publisherOf(scope: Scope, imageId: string): string | undefined {
  const ownerId = publicImages(scope).find((one) => one.imageId === imageId)?.ownerId;
  return ownerId === '137112412989' ? 'amazon' : ownerId;
}

/** Whoever gives a server a role passes it on. */
function passedRole(scope: Scope, input: Call['input']): AuthorizationRequest[] {
  const { Name, Arn } = (input.IamInstanceProfile ?? {}) as { Name?: string; Arn?: string };
  if (Name === undefined && Arn === undefined) return [];
  const profile = instanceProfileTable(scope)
    .all()
    .find((one) => one.arn === Arn || one.instanceProfileName === Name);
  return profile ? passRole(scope, profile.roleNames, 'ec2') : [];
}
