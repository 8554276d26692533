import {
  AssociateRouteTableCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateTagsCommand,
  DeleteRouteTableCommand,
  DescribeRouteTablesCommand,
  DisassociateRouteTableCommand,
  ReplaceRouteCommand,
  ReplaceRouteTableAssociationCommand,
} from '@aws-sdk/client-ec2';
import { beforeEach, describe, expect, it } from 'vitest';
import { mainRouteTable, privateRouteTable } from '../../src/steps/04-route-tables.ts';
import { awsError, awsFor, changes, ec2, inputsOf, keyIn, taggedIn, tagsOf, token } from '../helpers/aws.ts';

const vpc = { vpcId: 'vpc-1' };
const publicSubnet = { subnetId: 'subnet-public' };
const internetGateway = { internetGatewayId: 'igw-1', vpcId: 'vpc-1' };
const mainNeeds = { vpc, publicSubnet, internetGateway };
const privateNeeds = { vpc, privateSubnetA: { subnetId: 'subnet-a' }, privateSubnetC: { subnetId: 'subnet-c' } };
const main = { routeTableId: 'rtb-main' };
const ours = { routeTableId: 'rtb-private' };

const association = (RouteTableId: string, SubnetId: string) => ({
  RouteTableAssociationId: `rtbassoc-${SubnetId}`,
  RouteTableId,
  SubnetId,
});

describe('mainRouteTable create', () => {
  it('puts our tags on the table that the VPC was born with, and makes none', async () => {
    ec2.on(DescribeRouteTablesCommand).resolves({ RouteTables: [{ RouteTableId: 'rtb-main' }] });
    ec2.on(CreateTagsCommand).resolves({});
    expect(await mainRouteTable.create(awsFor(mainRouteTable), mainNeeds)).toEqual(main);
    expect(changes()).toEqual(['CreateTags']);
    expect(inputsOf(DescribeRouteTablesCommand)[0]!.Filters).toEqual([
      { Name: 'vpc-id', Values: ['vpc-1'] },
      { Name: 'association.main', Values: ['true'] },
    ]);
    const [input] = inputsOf(CreateTagsCommand);
    expect(input!.Resources).toEqual(['rtb-main']);
    expect(keyIn(input!.Tags)).toBe('mainRouteTable');
  });

  it('says "not there yet" when the table does not show, so that the engine asks again', async () => {
    ec2.on(DescribeRouteTablesCommand).resolves({ RouteTables: [] });
    await expect(mainRouteTable.create(awsFor(mainRouteTable), mainNeeds)).rejects.toMatchObject({
      name: 'InvalidRouteTableID.NotFound',
    });
    expect(changes()).toEqual([]);
  });
});

describe('mainRouteTable finish', () => {
  beforeEach(() => {
    ec2.on(AssociateRouteTableCommand).resolves({ AssociationId: 'rtbassoc-1' });
  });

  it('sends everything to the internet gateway and associates the public subnet', async () => {
    ec2.on(CreateRouteCommand).resolves({ Return: true });
    await mainRouteTable.finish!(awsFor(mainRouteTable), main, mainNeeds);
    expect(inputsOf(CreateRouteCommand)).toEqual([
      { RouteTableId: 'rtb-main', DestinationCidrBlock: '0.0.0.0/0', GatewayId: 'igw-1' },
    ]);
    expect(inputsOf(AssociateRouteTableCommand)).toEqual([{ RouteTableId: 'rtb-main', SubnetId: 'subnet-public' }]);
  });

  it('replaces a route that is there, since it may lead to a gateway that is gone', async () => {
    ec2.on(CreateRouteCommand).rejects(awsError('RouteAlreadyExists'));
    ec2.on(ReplaceRouteCommand).resolves({});
    await mainRouteTable.finish!(awsFor(mainRouteTable), main, mainNeeds);
    expect(inputsOf(ReplaceRouteCommand)).toEqual([
      { RouteTableId: 'rtb-main', DestinationCidrBlock: '0.0.0.0/0', GatewayId: 'igw-1' },
    ]);
  });

  it('throws any other refusal of the route', async () => {
    ec2.on(CreateRouteCommand).rejects(awsError('InvalidGatewayID.NotFound'));
    await expect(mainRouteTable.finish!(awsFor(mainRouteTable), main, mainNeeds)).rejects.toThrow('InvalidGatewayID');
    expect(inputsOf(ReplaceRouteCommand)).toEqual([]);
  });
});

describe('mainRouteTable destroy', () => {
  it('ends the association of the public subnet and nothing else: the table goes with its VPC', async () => {
    ec2.on(DescribeRouteTablesCommand).resolves({
      RouteTables: [
        {
          RouteTableId: 'rtb-main',
          Associations: [{ RouteTableAssociationId: 'rtbassoc-main', Main: true }, association('rtb-main', 'subnet-1')],
        },
      ],
    });
    ec2.on(DisassociateRouteTableCommand).resolves({});
    await mainRouteTable.destroy(awsFor(mainRouteTable), main);
    expect(changes()).toEqual(['DisassociateRouteTable']);
  });
});

describe('route table find', () => {
  it.each([
    ['mainRouteTable', mainRouteTable, mainNeeds],
    ['privateRouteTable', privateRouteTable, privateNeeds],
  ] as const)('knows %s by its tags', async (key, table, needs) => {
    ec2.on(DescribeRouteTablesCommand).resolves({
      RouteTables: ['mainRouteTable', 'privateRouteTable'].map((one) => ({
        RouteTableId: `rtb-${one}`,
        Tags: tagsOf(one),
      })),
    });
    expect(await table.find(awsFor(table), needs as never)).toEqual({ routeTableId: `rtb-${key}` });
  });

  it('knows it by its recorded id', async () => {
    ec2
      .on(DescribeRouteTablesCommand, { Filters: [{ Name: 'route-table-id', Values: ['rtb-private'] }] })
      .resolves({ RouteTables: [{ RouteTableId: 'rtb-private' }] });
    const aws = awsFor(privateRouteTable, { recorded: ours });
    expect(await privateRouteTable.find(aws, privateNeeds)).toEqual(ours);
  });
});

describe('privateRouteTable create', () => {
  it('sends one call with tags and token', async () => {
    ec2.on(CreateRouteTableCommand).resolves({ RouteTable: { RouteTableId: 'rtb-private' } });
    expect(await privateRouteTable.create(awsFor(privateRouteTable), privateNeeds)).toEqual(ours);
    expect(changes()).toEqual(['CreateRouteTable']);
    const [input] = inputsOf(CreateRouteTableCommand);
    expect(input).toMatchObject({ VpcId: 'vpc-1', ClientToken: token });
    expect(taggedIn(input)).toEqual({ 'route-table': 'privateRouteTable' });
  });
});

describe('privateRouteTable finish', () => {
  const associated = {
    RouteTables: [
      {
        RouteTableId: 'rtb-private',
        Associations: [association('rtb-private', 'subnet-a'), association('rtb-private', 'subnet-c')],
      },
    ],
  };

  it('associates both private subnets, and waits until AWS shows it', async () => {
    ec2.on(AssociateRouteTableCommand).resolves({});
    ec2
      .on(DescribeRouteTablesCommand)
      .resolvesOnce({ RouteTables: [] })
      .resolvesOnce({ RouteTables: [{ Associations: [association('rtb-private', 'subnet-a')] }] })
      .resolves(associated);
    await privateRouteTable.finish!(awsFor(privateRouteTable), ours, privateNeeds);
    expect(inputsOf(AssociateRouteTableCommand)).toEqual([
      { RouteTableId: 'rtb-private', SubnetId: 'subnet-a' },
      { RouteTableId: 'rtb-private', SubnetId: 'subnet-c' },
    ]);
    expect(inputsOf(DescribeRouteTablesCommand)).toHaveLength(3);
  });

  it('takes an association with this very table for done', async () => {
    ec2.on(AssociateRouteTableCommand).rejects(awsError('Resource.AlreadyAssociated'));
    ec2.on(DescribeRouteTablesCommand).resolves(associated);
    await privateRouteTable.finish!(awsFor(privateRouteTable), ours, privateNeeds);
    expect(inputsOf(ReplaceRouteTableAssociationCommand)).toEqual([]);
  });

  it('moves a subnet over that is associated with another table', async () => {
    ec2.on(AssociateRouteTableCommand).resolves({});
    ec2
      .on(AssociateRouteTableCommand, { RouteTableId: 'rtb-private', SubnetId: 'subnet-a' })
      .rejects(awsError('Resource.AlreadyAssociated'));
    ec2
      .on(DescribeRouteTablesCommand)
      .resolvesOnce({ RouteTables: [{ Associations: [association('rtb-other', 'subnet-a')] }] })
      .resolves(associated);
    ec2.on(ReplaceRouteTableAssociationCommand).resolves({});
    await privateRouteTable.finish!(awsFor(privateRouteTable), ours, privateNeeds);
    expect(inputsOf(ReplaceRouteTableAssociationCommand)).toEqual([
      { AssociationId: 'rtbassoc-subnet-a', RouteTableId: 'rtb-private' },
    ]);
  });
});

describe('privateRouteTable destroy', () => {
  it('takes the subnets off before it deletes the table', async () => {
    ec2.on(DescribeRouteTablesCommand).resolves({
      RouteTables: [
        {
          RouteTableId: 'rtb-private',
          Associations: [association('rtb-private', 'subnet-a'), association('rtb-private', 'subnet-c')],
        },
      ],
    });
    ec2.on(DisassociateRouteTableCommand).resolves({});
    ec2.on(DeleteRouteTableCommand).resolves({});
    await privateRouteTable.destroy(awsFor(privateRouteTable), ours);
    expect(changes()).toEqual(['DisassociateRouteTable', 'DisassociateRouteTable', 'DeleteRouteTable']);
    expect(inputsOf(DisassociateRouteTableCommand).map(({ AssociationId }) => AssociationId)).toEqual([
      'rtbassoc-subnet-a',
      'rtbassoc-subnet-c',
    ]);
  });

  it('takes not-found for success, of the table and of its associations', async () => {
    ec2.on(DescribeRouteTablesCommand).resolves({
      RouteTables: [{ RouteTableId: 'rtb-private', Associations: [association('rtb-private', 'subnet-a')] }],
    });
    ec2.on(DisassociateRouteTableCommand).rejects(awsError('InvalidAssociationID.NotFound'));
    ec2.on(DeleteRouteTableCommand).rejects(awsError('InvalidRouteTableID.NotFound'));
    await privateRouteTable.destroy(awsFor(privateRouteTable), ours);
    expect(inputsOf(DeleteRouteTableCommand)).toEqual([{ RouteTableId: 'rtb-private' }]);
  });
});
