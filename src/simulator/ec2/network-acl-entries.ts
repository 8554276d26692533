import type {
  CreateNetworkAclEntryCommandInput,
  CreateNetworkAclEntryCommandOutput,
  DeleteNetworkAclEntryCommandInput,
  DeleteNetworkAclEntryCommandOutput,
  ReplaceNetworkAclEntryCommandInput,
  ReplaceNetworkAclEntryCommandOutput,
} from '@aws-sdk/client-ec2';
import { cidrText, parseCidr } from '../cidr.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { type NetworkAclEntryRow, type NetworkAclRow, requireNetworkAcl } from './network-acls.ts';

type Wanted = Omit<CreateNetworkAclEntryCommandInput, 'DryRun' | 'NetworkAclId'>;

const protocolNumbers: Record<string, string> = { all: '-1', icmp: '1', tcp: '6', udp: '17', icmpv6: '58' };

function entryOf({
  RuleNumber = 0,
  Egress = false,
  Protocol = '',
  RuleAction,
  CidrBlock,
  PortRange,
}: Wanted): NetworkAclEntryRow {
  if (RuleNumber < 1 || RuleNumber > 32766)
    throw refusal(
      'InvalidParameterValue',
      `Value (${RuleNumber}) for parameter ruleNumber is invalid. Expecting a value between 1 and 32766.`,
    );
  const protocol = protocolNumbers[Protocol.toLowerCase()] ?? Protocol;
  if (!/^(-1|\d{1,3})$/.test(protocol))
    throw refusal('InvalidParameterValue', `Invalid value '${Protocol}' for IP protocol. Unknown protocol.`);
  if (CidrBlock === undefined) throw refusal('MissingParameter', 'The request must contain the parameter cidrBlock');
  const cidr = parseCidr(CidrBlock);
  if (!cidr)
    throw refusal(
      'InvalidParameterValue',
      `Value (${CidrBlock}) for parameter cidrBlock is invalid. This is not a valid CIDR block.`,
    );
  const ported = protocol === '6' || protocol === '17';
  if (ported && (PortRange?.From === undefined || PortRange.To === undefined || PortRange.From > PortRange.To))
    throw refusal('InvalidParameterValue', 'The parameter portRange needs a beginning and an end for TCP and UDP');
  return {
    ruleNumber: RuleNumber,
    egress: Egress,
    protocol,
    ruleAction: RuleAction ?? 'deny',
    cidrBlock: cidrText(cidr),
    ...(ported ? { fromPort: PortRange!.From!, toPort: PortRange!.To! } : {}),
  };
}

function find({ entries }: NetworkAclRow, ruleNumber: number | undefined, egress = false) {
  return entries.find((one) => one.ruleNumber === ruleNumber && one.egress === egress);
}

function inOrder(entries: NetworkAclEntryRow[]): NetworkAclEntryRow[] {
  return entries.sort((one, other) => Number(one.egress) - Number(other.egress) || one.ruleNumber - other.ruleNumber);
}

const notThere = ({ networkAclId }: NetworkAclRow, ruleNumber: number | undefined, egress = false) =>
  refusal(
    'InvalidNetworkAclEntry.NotFound',
    `The ${egress ? 'egress' : 'ingress'} entry ${ruleNumber} does not exist in network ACL '${networkAclId}'`,
  );

const parameters = [
  'NetworkAclId',
  'RuleNumber',
  'Egress',
  'Protocol',
  'RuleAction',
  'CidrBlock',
  'PortRange',
  'IcmpTypeCode',
] as const;

export const networkAclEntries: Noun = {
  service: 'ec2',
  operations: {
    CreateNetworkAclEntry: operation<CreateNetworkAclEntryCommandInput, CreateNetworkAclEntryCommandOutput>(
      parameters,
      (scope, { NetworkAclId, ...wanted }) => {
        const row = requireNetworkAcl(scope, NetworkAclId);
        const entry = entryOf(wanted);
        if (find(row, entry.ruleNumber, entry.egress))
          throw refusal(
            'NetworkAclEntryAlreadyExists',
            `The network acl entry identified by ${entry.ruleNumber} already exists.`,
          );
        // The entry that ends the list does not count.
        if (row.entries.filter(({ egress }) => egress === entry.egress).length > 20)
          throw refusal('NetworkAclEntryLimitExceeded', 'The maximum number of network ACL entries has been reached.');
        row.entries = inOrder([...row.entries, entry]);
        return {};
      },
    ),
    ReplaceNetworkAclEntry: operation<ReplaceNetworkAclEntryCommandInput, ReplaceNetworkAclEntryCommandOutput>(
      parameters,
      (scope, { NetworkAclId, ...wanted }) => {
        const row = requireNetworkAcl(scope, NetworkAclId);
        const entry = entryOf(wanted);
        const old = find(row, entry.ruleNumber, entry.egress);
        if (!old) throw notThere(row, entry.ruleNumber, entry.egress);
        row.entries = inOrder([...row.entries.filter((one) => one !== old), entry]);
        return {};
      },
    ),
    DeleteNetworkAclEntry: operation<DeleteNetworkAclEntryCommandInput, DeleteNetworkAclEntryCommandOutput>(
      ['NetworkAclId', 'RuleNumber', 'Egress'],
      (scope, { NetworkAclId, RuleNumber, Egress }) => {
        const row = requireNetworkAcl(scope, NetworkAclId);
        const old = find(row, RuleNumber, Egress);
        if (!old || RuleNumber === 32767) throw notThere(row, RuleNumber, Egress);
        row.entries = row.entries.filter((one) => one !== old);
        return {};
      },
    ),
  },
};
