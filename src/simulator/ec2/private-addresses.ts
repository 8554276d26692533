import type {
  AssignPrivateIpAddressesCommandInput,
  AssignPrivateIpAddressesCommandOutput,
  UnassignPrivateIpAddressesCommandInput,
  UnassignPrivateIpAddressesCommandOutput,
} from '@aws-sdk/client-ec2';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { requireNetworkInterface } from './network-interface-rows.ts';
import { addAddresses } from './network-interfaces.ts';

/** Further private addresses of a network interface. */
export const privateAddresses: Noun = {
  service: 'ec2',
  operations: {
    AssignPrivateIpAddresses: operation<AssignPrivateIpAddressesCommandInput, AssignPrivateIpAddressesCommandOutput>(
      ['NetworkInterfaceId', 'PrivateIpAddresses', 'SecondaryPrivateIpAddressCount', 'AllowReassignment'],
      (scope, { NetworkInterfaceId, PrivateIpAddresses, SecondaryPrivateIpAddressCount }) => {
        const row = requireNetworkInterface(scope, NetworkInterfaceId);
        const named = PrivateIpAddresses && PrivateIpAddresses.length > 0;
        if (named && SecondaryPrivateIpAddressCount !== undefined)
          throw refusal(
            'InvalidParameterCombination',
            'The parameters privateIpAddresses and secondaryPrivateIpAddressCount cannot be used together',
          );
        if (!named && SecondaryPrivateIpAddressCount === undefined)
          throw refusal(
            'MissingParameter',
            'Either privateIpAddresses or secondaryPrivateIpAddressCount must be specified',
          );
        const added = addAddresses(scope, row, named ? PrivateIpAddresses : (SecondaryPrivateIpAddressCount ?? 0));
        return {
          NetworkInterfaceId,
          AssignedPrivateIpAddresses: added.map((PrivateIpAddress) => ({ PrivateIpAddress })),
        };
      },
    ),
    UnassignPrivateIpAddresses: operation<
      UnassignPrivateIpAddressesCommandInput,
      UnassignPrivateIpAddressesCommandOutput
    >(['NetworkInterfaceId', 'PrivateIpAddresses'], (scope, { NetworkInterfaceId, PrivateIpAddresses = [] }) => {
      const row = requireNetworkInterface(scope, NetworkInterfaceId);
      const { secondaryAddresses = [] } = row;
      const missing = PrivateIpAddresses.filter((one) => !secondaryAddresses.includes(one));
      if (missing.length > 0)
        throw refusal(
          'InvalidParameterValue',
          `Some of the specified addresses are not assigned to interface ${row.networkInterfaceId}: ${missing.join(', ')}`,
        );
      row.secondaryAddresses = secondaryAddresses.filter((one) => !PrivateIpAddresses.includes(one));
      return {};
    }),
  },
};
