import type {
  AssociateIamInstanceProfileCommandInput,
  AssociateIamInstanceProfileCommandOutput,
  DescribeIamInstanceProfileAssociationsCommandInput,
  DescribeIamInstanceProfileAssociationsCommandOutput,
  DisassociateIamInstanceProfileCommandInput,
  DisassociateIamInstanceProfileCommandOutput,
  IamInstanceProfileAssociation,
  ReplaceIamInstanceProfileAssociationCommandInput,
  ReplaceIamInstanceProfileAssociationCommandOutput,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { usableInstanceProfile } from '../iam/instance-profiles.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { instanceTable, requireInstance } from './instances.ts';
import { selected, selecting } from './selection.ts';

/** The instance profile that an instance has. */
export interface ProfileAssociationRow {
  associationId: string;
  instanceId: string;
  arn: string;
  profileId: string;
  state: 'associating' | 'associated' | 'disassociating';
  /** Milliseconds since 1970. */
  timestamp: number;
}

/** Seconds that an association takes in either direction. */
const takes = 3;

export function profileAssociationTable(scope: Scope) {
  return scope.table<ProfileAssociationRow>('ec2.iamInstanceProfileAssociations');
}

export function profileAssociationOf(scope: Scope, instanceId: string): ProfileAssociationRow | undefined {
  return profileAssociationTable(scope)
    .all()
    .find((row) => row.instanceId === instanceId);
}

/** Gives the profile to the instance; at once when it is born with it. */
export function addProfileAssociation(
  scope: Scope,
  instanceId: string,
  profile: { arn: string; id: string },
  state: 'associating' | 'associated',
): ProfileAssociationRow {
  const associationId = scope.id('iip-assoc');
  const row = profileAssociationTable(scope).insert(associationId, {
    associationId,
    instanceId,
    arn: profile.arn,
    profileId: profile.id,
    state,
    timestamp: scope.now,
  });
  if (state === 'associating') scope.after(takes, 'profileAssociated', { associationId });
  const instance = instanceTable(scope).peek(instanceId);
  if (instance) instance.iamInstanceProfileArn = profile.arn;
  return row;
}

/** The association, or EC2's refusal. */
function requireAssociation(scope: Scope, associationId: string | undefined): ProfileAssociationRow {
  const row = profileAssociationTable(scope).get(associationId);
  if (!row) throw refusal('InvalidAssociationID.NotFound', `An invalid association-id of '${associationId}' was given`);
  return row;
}

function describe(row: ProfileAssociationRow): IamInstanceProfileAssociation {
  return {
    AssociationId: row.associationId,
    InstanceId: row.instanceId,
    IamInstanceProfile: { Arn: row.arn, Id: row.profileId },
    State: row.state,
    Timestamp: new Date(row.timestamp),
  };
}

export const profileAssociations: Noun = {
  service: 'ec2',
  operations: {
    AssociateIamInstanceProfile: operation<
      AssociateIamInstanceProfileCommandInput,
      AssociateIamInstanceProfileCommandOutput
    >(['InstanceId', 'IamInstanceProfile'], (scope, { InstanceId, IamInstanceProfile = {} }) => {
      const instance = requireInstance(scope, InstanceId);
      if (instance.state === 'shutting-down' || instance.state === 'terminated')
        throw refusal(
          'IncorrectInstanceState',
          `The instance '${instance.instanceId}' is not in the 'running' or 'stopped' states.`,
        );
      if (profileAssociationOf(scope, instance.instanceId))
        throw refusal('IncorrectState', `There is an existing association for instance ${instance.instanceId}`);
      const profile = usableInstanceProfile(scope, IamInstanceProfile);
      const row = addProfileAssociation(scope, instance.instanceId, profile, 'associating');
      return { IamInstanceProfileAssociation: describe(row) };
    }),
    DescribeIamInstanceProfileAssociations: operation<
      DescribeIamInstanceProfileAssociationsCommandInput,
      DescribeIamInstanceProfileAssociationsCommandOutput
    >(['AssociationIds', ...selecting], (scope, { AssociationIds, ...question }) => {
      const named = AssociationIds?.map((id) => requireAssociation(scope, id));
      const rows = (named ?? profileAssociationTable(scope).list()).map((row) => ({ ...row, tags: {} }));
      const { page, NextToken } = selected(scope, rows, question, {
        'instance-id': (row) => row.instanceId,
        state: (row) => row.state,
      });
      return { IamInstanceProfileAssociations: page.map(describe), NextToken };
    }),
    ReplaceIamInstanceProfileAssociation: operation<
      ReplaceIamInstanceProfileAssociationCommandInput,
      ReplaceIamInstanceProfileAssociationCommandOutput
    >(['AssociationId', 'IamInstanceProfile'], (scope, { AssociationId, IamInstanceProfile = {} }) => {
      const old = requireAssociation(scope, AssociationId);
      const profile = usableInstanceProfile(scope, IamInstanceProfile);
      profileAssociationTable(scope).delete(old.associationId);
      return {
        IamInstanceProfileAssociation: describe(addProfileAssociation(scope, old.instanceId, profile, 'associating')),
      };
    }),
    DisassociateIamInstanceProfile: operation<
      DisassociateIamInstanceProfileCommandInput,
      DisassociateIamInstanceProfileCommandOutput
    >(['AssociationId'], (scope, { AssociationId }) => {
      const row = requireAssociation(scope, AssociationId);
      row.state = 'disassociating';
      const instance = instanceTable(scope).peek(row.instanceId);
      if (instance) delete instance.iamInstanceProfileArn;
      scope.after(takes, 'profileDisassociated', { associationId: row.associationId });
      return { IamInstanceProfileAssociation: describe(row) };
    }),
  },
  events: {
    profileAssociated(scope, { associationId }: { associationId: string }) {
      const row = profileAssociationTable(scope).peek(associationId);
      if (row?.state === 'associating') row.state = 'associated';
    },
    profileDisassociated(scope, { associationId }: { associationId: string }) {
      profileAssociationTable(scope).delete(associationId);
    },
  },
};
