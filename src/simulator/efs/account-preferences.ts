import type {
  DescribeAccountPreferencesCommandInput,
  DescribeAccountPreferencesCommandOutput,
  PutAccountPreferencesCommandInput,
  PutAccountPreferencesCommandOutput,
  ResourceIdPreference,
} from '@aws-sdk/client-efs';
import { type Noun, operation } from '../noun.ts';
import { badRequest } from './rows.ts';

/** AWS gives out long ids only since 2021. */
const preference: ResourceIdPreference = { ResourceIdType: 'LONG_ID', Resources: ['FILE_SYSTEM', 'MOUNT_TARGET'] };

export const accountPreferences: Noun = {
  service: 'efs',
  operations: {
    DescribeAccountPreferences: operation<
      DescribeAccountPreferencesCommandInput,
      DescribeAccountPreferencesCommandOutput
    >(['NextToken', 'MaxResults'], () => ({ ResourceIdPreference: preference })),
    PutAccountPreferences: operation<PutAccountPreferencesCommandInput, PutAccountPreferencesCommandOutput>(
      ['ResourceIdType'],
      (_scope, { ResourceIdType }) => {
        if (ResourceIdType !== 'LONG_ID') throw badRequest('accounts cannot be set to 8 character ids any more');
        return { ResourceIdPreference: preference };
      },
    ),
  },
};
