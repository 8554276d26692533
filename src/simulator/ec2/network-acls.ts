import type {
  CreateNetworkAclCommandInput,
  CreateNetworkAclCommandOutput,
  DeleteNetworkAclCommandInput,
  DeleteNetworkAclCommandOutput,
  DescribeNetworkAclsCommandInput,
  DescribeNetworkAclsCommandOutput,
  NetworkAcl,
  ReplaceNetworkAclAssociationCommandInput,
  ReplaceNetworkAclAssociationCommandOutput,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { madeBefore, rememberToken } from './client-tokens.ts';
import { idKinds, required } from './ids.ts';
import { given, selected, selecting } from './selection.ts';
import { subnetBorn, subnetGone } from './subnets.ts';
import { allowTagsFor, type Tags, tagsFor, toList } from './tags.ts';
import { requireVpc, vpcBlockers, vpcCompanions } from './vpcs.ts';

export interface NetworkAclEntryRow {
  ruleNumber: number;
  egress: boolean;
  /** A number as text; `-1` is every protocol. */
  protocol: string;
  ruleAction: 'allow' | 'deny';
  cidrBlock: string;
  fromPort?: number;
  toPort?: number;
}

export interface NetworkAclRow {
  networkAclId: string;
  vpcId: string;
  isDefault: boolean;
  entries: NetworkAclEntryRow[];
  /** Every subnet is in exactly one list. */
  associations: { associationId: string; subnetId: string }[];
  tags: Tags;
}

/** Quota L-B4A6D682. */
const listsPerVpc = 200;
/** The entry that ends each list; it cannot be changed. */
const lastRuleNumber = 32767;

function networkAclTable(scope: Scope) {
  return scope.table<NetworkAclRow>('ec2.networkAcls');
}

export function requireNetworkAcl(scope: Scope, id: string | undefined) {
  return required(idKinds.networkAcl, id, networkAclTable(scope).get(id));
}

function addNetworkAcl(scope: Scope, vpcId: string, isDefault: boolean, tags: Tags): NetworkAclRow {
  const networkAclId = scope.id('acl');
  const entries = [false, true].flatMap((egress): NetworkAclEntryRow[] => {
    const every = { egress, protocol: '-1', cidrBlock: '0.0.0.0/0' };
    const last: NetworkAclEntryRow = { ...every, ruleNumber: lastRuleNumber, ruleAction: 'deny' };
    return isDefault ? [{ ...every, ruleNumber: 100, ruleAction: 'allow' }, last] : [last];
  });
  return networkAclTable(scope).insert(networkAclId, {
    networkAclId,
    vpcId,
    isDefault,
    entries,
    associations: [],
    tags,
  });
}

function describe(scope: Scope, row: NetworkAclRow): NetworkAcl {
  return {
    NetworkAclId: row.networkAclId,
    VpcId: row.vpcId,
    IsDefault: row.isDefault,
    OwnerId: scope.accountId,
    Associations: row.associations.map(({ associationId, subnetId }) => ({
      NetworkAclAssociationId: associationId,
      NetworkAclId: row.networkAclId,
      SubnetId: subnetId,
    })),
    Entries: row.entries.map((entry) => ({
      RuleNumber: entry.ruleNumber,
      Egress: entry.egress,
      Protocol: entry.protocol,
      RuleAction: entry.ruleAction,
      CidrBlock: entry.cidrBlock,
      ...(entry.fromPort === undefined ? {} : { PortRange: { From: entry.fromPort, To: entry.toPort } }),
    })),
    Tags: toList(row.tags),
  };
}

export const networkAcls: Noun = {
  service: 'ec2',
  operations: {
    CreateNetworkAcl: operation<CreateNetworkAclCommandInput, CreateNetworkAclCommandOutput>(
      ['VpcId', 'ClientToken', 'TagSpecifications'],
      (scope, input) => {
        const { ClientToken } = input;
        allowTagsFor(input.TagSpecifications, 'network-acl');
        const tags = tagsFor(input.TagSpecifications, 'network-acl');
        const again = networkAclTable(scope).peek(madeBefore(scope, 'CreateNetworkAcl', input));
        if (again) return { NetworkAcl: describe(scope, again), ClientToken };
        const { vpcId } = requireVpc(scope, input.VpcId);
        const inVpc = networkAclTable(scope)
          .all()
          .filter((row) => row.vpcId === vpcId);
        if (inVpc.length >= listsPerVpc)
          throw refusal('NetworkAclLimitExceeded', 'The maximum number of network ACLs has been reached.');
        const row = addNetworkAcl(scope, vpcId, false, tags);
        rememberToken(scope, 'CreateNetworkAcl', input, row.networkAclId);
        return { NetworkAcl: describe(scope, row), ClientToken };
      },
    ),
    DescribeNetworkAcls: operation<DescribeNetworkAclsCommandInput, DescribeNetworkAclsCommandOutput>(
      ['NetworkAclIds', ...selecting],
      (scope, { NetworkAclIds, ...question }) => {
        const rows = given(NetworkAclIds)?.map((id) => requireNetworkAcl(scope, id)) ?? networkAclTable(scope).list();
        type Row = NetworkAclRow;
        const filters = {
          'network-acl-id': (row: Row) => row.networkAclId,
          'vpc-id': (row: Row) => row.vpcId,
          default: (row: Row) => row.isDefault,
          'owner-id': () => scope.accountId,
          'association.association-id': (row: Row) => row.associations.map((one) => one.associationId),
          'association.network-acl-id': (row: Row) => row.associations.map(() => row.networkAclId),
          'association.subnet-id': (row: Row) => row.associations.map((one) => one.subnetId),
          'entry.cidr': (row: Row) => row.entries.map((one) => one.cidrBlock),
          'entry.protocol': (row: Row) => row.entries.map((one) => one.protocol),
          'entry.rule-action': (row: Row) => row.entries.map((one) => one.ruleAction),
          'entry.egress': (row: Row) => row.entries.map((one) => one.egress),
          'entry.rule-number': (row: Row) => row.entries.map((one) => one.ruleNumber),
          'entry.port-range.from': (row: Row) => row.entries.flatMap((one) => one.fromPort ?? []),
          'entry.port-range.to': (row: Row) => row.entries.flatMap((one) => one.toPort ?? []),
        };
        const { page, NextToken } = selected(scope, rows, question, filters, NetworkAclIds);
        return { NetworkAcls: page.map((row) => describe(scope, row)), NextToken };
      },
    ),
    ReplaceNetworkAclAssociation: operation<
      ReplaceNetworkAclAssociationCommandInput,
      ReplaceNetworkAclAssociationCommandOutput
    >(['AssociationId', 'NetworkAclId'], (scope, { AssociationId, NetworkAclId }) => {
      const to = requireNetworkAcl(scope, NetworkAclId);
      const from = networkAclTable(scope)
        .list()
        .find((row) => row.associations.some((one) => one.associationId === AssociationId));
      const old = from?.associations.find((one) => one.associationId === AssociationId);
      if (!from || !old)
        throw refusal('InvalidAssociationID.NotFound', `The association ID '${AssociationId}' does not exist`);
      if (from.vpcId !== to.vpcId)
        throw refusal(
          'InvalidParameterValue',
          `networkAcl ${to.networkAclId} and subnet ${old.subnetId} belong to different networks`,
        );
      from.associations = from.associations.filter((one) => one !== old);
      const associationId = scope.id('aclassoc');
      to.associations.push({ associationId, subnetId: old.subnetId });
      return { NewAssociationId: associationId };
    }),
    DeleteNetworkAcl: operation<DeleteNetworkAclCommandInput, DeleteNetworkAclCommandOutput>(
      ['NetworkAclId'],
      (scope, { NetworkAclId }) => {
        const { networkAclId, isDefault, associations } = requireNetworkAcl(scope, NetworkAclId);
        if (isDefault) throw refusal('InvalidParameterValue', `cannot delete default network ACL ${networkAclId}`);
        if (associations.length > 0)
          throw refusal(
            'DependencyViolation',
            `The networkAcl '${networkAclId}' has dependencies and cannot be deleted.`,
          );
        networkAclTable(scope).delete(networkAclId);
        return {};
      },
    ),
  },
};

vpcCompanions.push({
  born(scope, { vpcId }) {
    addNetworkAcl(scope, vpcId, true, {});
  },
  gone(scope, { vpcId }) {
    for (const row of networkAclTable(scope).all())
      if (row.vpcId === vpcId) networkAclTable(scope).delete(row.networkAclId);
  },
});
vpcBlockers.push(
  (scope, vpcId) =>
    networkAclTable(scope)
      .all()
      .find((row) => row.vpcId === vpcId && !row.isDefault)?.networkAclId,
);
subnetBorn.push((scope, { subnetId, vpcId }) => {
  const row = networkAclTable(scope)
    .all()
    .find((one) => one.vpcId === vpcId && one.isDefault);
  row?.associations.push({ associationId: scope.id('aclassoc'), subnetId });
});
subnetGone.push((scope, subnetId) => {
  for (const row of networkAclTable(scope).all())
    row.associations = row.associations.filter((one) => one.subnetId !== subnetId);
});
