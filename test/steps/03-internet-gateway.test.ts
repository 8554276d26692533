import {
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  DeleteInternetGatewayCommand,
  DescribeInternetGatewaysCommand,
  DetachInternetGatewayCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { internetGateway } from '../../src/steps/03-internet-gateway.ts';
import { awsError, awsFor, changes, ec2, inputsOf, taggedIn, tagsOf } from '../helpers/aws.ts';

const needs = { vpc: { vpcId: 'vpc-1' } };
const identity = { internetGatewayId: 'igw-1', vpcId: 'vpc-1' };

describe('internetGateway find', () => {
  it('gives the gateway of our tags together with the VPC, which detaching names', async () => {
    ec2.on(DescribeInternetGatewaysCommand).resolves({
      InternetGateways: [{ InternetGatewayId: 'igw-1', Tags: tagsOf('internetGateway') }],
    });
    expect(await internetGateway.find(awsFor(internetGateway), needs)).toEqual(identity);
  });

  it('gives the VPC that it is attached to, and needs to know of none', async () => {
    const attached = { InternetGatewayId: 'igw-1', Tags: tagsOf('internetGateway'), Attachments: [{ VpcId: 'vpc-2' }] };
    ec2.on(DescribeInternetGatewaysCommand).resolves({ InternetGateways: [attached] });
    const found = { internetGatewayId: 'igw-1', vpcId: 'vpc-2' };
    expect(await internetGateway.find(awsFor(internetGateway), needs)).toEqual(found);
    expect(await internetGateway.find(awsFor(internetGateway), {} as never)).toEqual(found);
  });

  it('knows it by its recorded id', async () => {
    ec2
      .on(DescribeInternetGatewaysCommand, { Filters: [{ Name: 'internet-gateway-id', Values: ['igw-1'] }] })
      .resolves({ InternetGateways: [{ InternetGatewayId: 'igw-1' }] });
    expect(await internetGateway.find(awsFor(internetGateway, { recorded: identity }), needs)).toEqual(identity);
  });
});

describe('internetGateway create', () => {
  it('sends one call with tags and leaves attaching to finish', async () => {
    ec2.on(CreateInternetGatewayCommand).resolves({ InternetGateway: { InternetGatewayId: 'igw-1' } });
    expect(await internetGateway.create(awsFor(internetGateway), needs)).toEqual(identity);
    expect(changes()).toEqual(['CreateInternetGateway']);
    expect(taggedIn(inputsOf(CreateInternetGatewayCommand)[0])).toEqual({ 'internet-gateway': 'internetGateway' });
  });
});

describe('internetGateway finish', () => {
  it('attaches it to the VPC', async () => {
    ec2.on(AttachInternetGatewayCommand).resolves({});
    await internetGateway.finish!(awsFor(internetGateway), identity, needs);
    expect(inputsOf(AttachInternetGatewayCommand)).toEqual([{ InternetGatewayId: 'igw-1', VpcId: 'vpc-1' }]);
  });

  it('takes "already attached" for done', async () => {
    ec2.on(AttachInternetGatewayCommand).rejects(awsError('Resource.AlreadyAssociated'));
    expect(await internetGateway.finish!(awsFor(internetGateway), identity, needs)).toEqual({});
  });

  it('throws any other refusal', async () => {
    ec2.on(AttachInternetGatewayCommand).rejects(awsError('UnauthorizedOperation'));
    await expect(internetGateway.finish!(awsFor(internetGateway), identity, needs)).rejects.toThrow('Unauthorized');
  });
});

describe('internetGateway destroy', () => {
  it('detaches before it deletes', async () => {
    ec2.on(DetachInternetGatewayCommand).resolves({});
    ec2.on(DeleteInternetGatewayCommand).resolves({});
    await internetGateway.destroy(awsFor(internetGateway), identity);
    expect(changes()).toEqual(['DetachInternetGateway', 'DeleteInternetGateway']);
    expect(inputsOf(DetachInternetGatewayCommand)).toEqual([{ InternetGatewayId: 'igw-1', VpcId: 'vpc-1' }]);
  });

  it.each(['Gateway.NotAttached', 'InvalidInternetGatewayID.NotFound'])('goes on after %s', async (code) => {
    ec2.on(DetachInternetGatewayCommand).rejects(awsError(code));
    ec2.on(DeleteInternetGatewayCommand).rejects(awsError('InvalidInternetGatewayID.NotFound'));
    await internetGateway.destroy(awsFor(internetGateway), identity);
    expect(inputsOf(DeleteInternetGatewayCommand)).toEqual([{ InternetGatewayId: 'igw-1' }]);
  });

  it('does not delete it while public addresses keep it attached', async () => {
    ec2.on(DetachInternetGatewayCommand).rejects(awsError('DependencyViolation'));
    await expect(internetGateway.destroy(awsFor(internetGateway), identity)).rejects.toThrow('DependencyViolation');
    expect(inputsOf(DeleteInternetGatewayCommand)).toEqual([]);
  });
});
