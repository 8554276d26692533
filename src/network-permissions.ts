import type { Config } from './config/schema.ts';
import type { Grant } from './permissions.ts';

type UsedNetwork = Exclude<Config['vpc'], 'create'>;

/** What is done only to a network of one's own. */
const ofOnesOwn = `AllocateAddress AssociateRouteTable AttachInternetGateway CreateInternetGateway CreateNatGateway
  CreateRoute CreateRouteTable CreateSubnet CreateVpc DeleteInternetGateway DeleteNatGateway DeleteRouteTable DeleteSubnet
  DeleteVpc DetachInternetGateway DisassociateRouteTable ModifySubnetAttribute ModifyVpcAttribute ReleaseAddress
  ReplaceRoute ReplaceRouteTableAssociation`.split(/\s+/);

/** Without what changes a network, and with what standing in somebody else's takes: it has no tag of ours. */
export function inUsedNetwork(
  grants: readonly Grant[],
  { use, publicSubnet, privateSubnets }: UsedNetwork,
  ec2: (resource: string) => string,
): Grant[] {
  const changes = new Set(ofOnesOwn.map((name) => `ec2:${name}`));
  const rest = grants
    .map((grant) => ({ ...grant, actions: grant.actions.filter((action) => !changes.has(action)) }))
    .filter(({ sid, actions }) => actions.length > 0 && sid !== 'TagTheMainRouteTable');
  return [
    ...rest,
    {
      sid: 'MakeGroupsInTheVpcThatIsUsed',
      actions: ['ec2:CreateSecurityGroup'],
      resources: [ec2(`vpc/${use}`)],
    },
    {
      sid: 'StandInTheSubnetsThatAreUsed',
      actions: ['ec2:CreateNetworkInterface', 'ec2:RunInstances'],
      resources: [...new Set([publicSubnet, ...privateSubnets])].map((id) => ec2(`subnet/${id}`)),
    },
  ];
}
