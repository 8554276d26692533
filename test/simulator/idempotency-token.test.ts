import {
  AllocateAddressCommand,
  CreateRouteTableCommand,
  CreateVpcCommand,
  DescribeAddressesCommand,
  DescribeRouteTablesCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { simulatedAccount } from '../../src/simulator/index.ts';

type Next = (args: object) => Promise<object>;

describe('an answer that is lost after the account did the work', () => {
  test('is asked for again by the SDK: with its own token once, without one twice', async () => {
    const account = simulatedAccount();
    const calm = account.attach(new EC2Client({ region: 'us-west-2' }));
    const { Vpc } = await calm.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));

    let lose = 1;
    const unlucky = account.attach(new EC2Client({ region: 'us-west-2' }));
    unlucky.middlewareStack.addRelativeTo(
      ((next: Next) => async (args: object) => {
        const answer = await next(args);
        if (lose-- > 0) throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
        return answer;
      }) as never,
      { relation: 'before', toMiddleware: 'simulatedAccount', name: 'losesAnAnswer' },
    );
    await unlucky.send(new CreateRouteTableCommand({ VpcId: Vpc?.VpcId }));
    const { RouteTables } = await calm.send(new DescribeRouteTablesCommand({}));
    // The main one, and one more.
    expect(RouteTables).toHaveLength(2);

    lose = 1;
    await unlucky.send(new AllocateAddressCommand({ Domain: 'vpc' }));
    const { Addresses } = await calm.send(new DescribeAddressesCommand({}));
    expect(Addresses).toHaveLength(2);
  });
});
