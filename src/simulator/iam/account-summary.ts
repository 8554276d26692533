import type {
  GetAccountSummaryCommandInput,
  GetAccountSummaryCommandOutput,
  ListAccountAliasesCommandInput,
  ListAccountAliasesCommandOutput,
} from '@aws-sdk/client-iam';
import { type Noun, operation } from '../noun.ts';
import { instanceProfileTable } from './instance-profiles.ts';
import { policyTable } from './managed-policies.ts';
import { roleTable } from './roles.ts';
import { callerName, userTable } from './users.ts';

/** What IAM says about the account as a whole. */
export const accountSummary: Noun = {
  service: 'iam',
  operations: {
    GetAccountSummary: operation<GetAccountSummaryCommandInput, GetAccountSummaryCommandOutput>([], (scope) => {
      const others = userTable(scope)
        .all()
        .filter(({ userName }) => userName !== callerName);
      return {
        SummaryMap: {
          Users: others.length + 1,
          UsersQuota: 5000,
          Groups: 0,
          GroupsQuota: 300,
          Roles: roleTable(scope).all().length,
          RolesQuota: 1000,
          Policies: policyTable(scope).all().length,
          PoliciesQuota: 1500,
          InstanceProfiles: instanceProfileTable(scope).all().length,
          InstanceProfilesQuota: 1000,
          AttachedPoliciesPerRoleQuota: 10,
          AttachedPoliciesPerUserQuota: 10,
          AttachedPoliciesPerGroupQuota: 10,
          AccessKeysPerUserQuota: 2,
          PolicySizeQuota: 6144,
          RolePolicySizeQuota: 10240,
          UserPolicySizeQuota: 2048,
          GroupPolicySizeQuota: 5120,
          VersionsPerPolicyQuota: 5,
          AssumeRolePolicySizeQuota: 2048,
          AccountMFAEnabled: 1,
          AccountAccessKeysPresent: 0,
          AccountSigningCertificatesPresent: 0,
          MFADevices: 0,
          MFADevicesInUse: 0,
          Providers: 0,
          ServerCertificates: 0,
          ServerCertificatesQuota: 20,
        },
      };
    }),
    ListAccountAliases: operation<ListAccountAliasesCommandInput, ListAccountAliasesCommandOutput>(
      ['MaxItems', 'Marker'],
      () => ({
        AccountAliases: [],
        IsTruncated: false,
      }),
    ),
  },
};
