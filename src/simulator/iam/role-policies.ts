import type {
  AttachRolePolicyCommandInput,
  AttachRolePolicyCommandOutput,
  DeleteRolePolicyCommandInput,
  DeleteRolePolicyCommandOutput,
  DetachRolePolicyCommandInput,
  DetachRolePolicyCommandOutput,
  GetRolePolicyCommandInput,
  GetRolePolicyCommandOutput,
  ListAttachedRolePoliciesCommandInput,
  ListAttachedRolePoliciesCommandOutput,
  ListRolePoliciesCommandInput,
  ListRolePoliciesCommandOutput,
  PutRolePolicyCommandInput,
  PutRolePolicyCommandOutput,
} from '@aws-sdk/client-iam';
import { type Noun, operation } from '../noun.ts';
import { iamPage } from './checks.ts';
import { attachedList, attachPolicy, detachPolicy, getInline, putInline } from './principal-policies.ts';
import { changeableRole, requireRole } from './roles.ts';

/** Policies of roles, inline and attached. */
export const rolePolicies: Noun = {
  service: 'iam',
  operations: {
    PutRolePolicy: operation<PutRolePolicyCommandInput, PutRolePolicyCommandOutput>(
      ['RoleName', 'PolicyName', 'PolicyDocument'],
      (scope, { RoleName, PolicyName, PolicyDocument }) => {
        const role = changeableRole(scope, RoleName);
        putInline(role, { name: PolicyName, document: PolicyDocument, largest: 10240, holder: `role ${RoleName}` });
        return {};
      },
    ),
    GetRolePolicy: operation<GetRolePolicyCommandInput, GetRolePolicyCommandOutput>(
      ['RoleName', 'PolicyName'],
      (scope, { RoleName, PolicyName }) => ({
        RoleName,
        PolicyName,
        PolicyDocument: getInline(requireRole(scope, RoleName), PolicyName),
      }),
    ),
    ListRolePolicies: operation<ListRolePoliciesCommandInput, ListRolePoliciesCommandOutput>(
      ['RoleName', 'MaxItems', 'Marker'],
      (scope, { RoleName, ...paging }) => {
        const names = Object.keys(requireRole(scope, RoleName).inlinePolicies).sort();
        const { page, ...more } = iamPage(names, paging);
        return { PolicyNames: page, ...more };
      },
    ),
    DeleteRolePolicy: operation<DeleteRolePolicyCommandInput, DeleteRolePolicyCommandOutput>(
      ['RoleName', 'PolicyName'],
      (scope, { RoleName, PolicyName = '' }) => {
        const role = changeableRole(scope, RoleName);
        getInline(role, PolicyName);
        delete role.inlinePolicies[PolicyName];
        return {};
      },
    ),
    AttachRolePolicy: operation<AttachRolePolicyCommandInput, AttachRolePolicyCommandOutput>(
      ['RoleName', 'PolicyArn'],
      (scope, { RoleName, PolicyArn }) => {
        attachPolicy(scope, changeableRole(scope, RoleName), PolicyArn, 'PoliciesPerRole');
        return {};
      },
    ),
    DetachRolePolicy: operation<DetachRolePolicyCommandInput, DetachRolePolicyCommandOutput>(
      ['RoleName', 'PolicyArn'],
      (scope, { RoleName, PolicyArn }) => {
        detachPolicy(scope, changeableRole(scope, RoleName), PolicyArn);
        return {};
      },
    ),
    ListAttachedRolePolicies: operation<ListAttachedRolePoliciesCommandInput, ListAttachedRolePoliciesCommandOutput>(
      ['RoleName', 'PathPrefix', 'MaxItems', 'Marker'],
      (scope, { RoleName, PathPrefix, ...paging }) => {
        const { page, ...more } = iamPage(attachedList(scope, requireRole(scope, RoleName), PathPrefix), paging);
        return { AttachedPolicies: page, ...more };
      },
    ),
  },
};
