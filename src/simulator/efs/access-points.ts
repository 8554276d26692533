import type {
  AccessPointDescription,
  CreateAccessPointCommandInput,
  CreateAccessPointCommandOutput,
  DeleteAccessPointCommandInput,
  DeleteAccessPointCommandOutput,
  DescribeAccessPointsCommandInput,
  DescribeAccessPointsCommandOutput,
  PosixUser,
  RootDirectory,
} from '@aws-sdk/client-efs';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { efsPage } from './pages.ts';
import {
  type AccessPointRow,
  accessPointTable,
  badRequest,
  requireAccessPoint,
  requireAvailable,
  requireFileSystem,
} from './rows.ts';
import { tagsFrom, toList } from './tags.ts';

const accessPointsPerFileSystem = 10_000;
/** Seconds until a new one is available, and until a deleted one is gone. */
const seconds = 3;

function describe(scope: Scope, row: AccessPointRow): AccessPointDescription {
  const { Name } = row.tags;
  const taggedAt = (row as { taggedAt?: number }).taggedAt ?? 0;
  return {
    AccessPointId: row.accessPointId,
    AccessPointArn: scope.arn('elasticfilesystem', `access-point/${row.accessPointId}`),
    ClientToken: row.clientToken,
    FileSystemId: row.fileSystemId,
    Name,
    PosixUser: row.posixUser,
    RootDirectory: row.rootDirectory,
    LifeCycleState: row.lifeCycleState,
    OwnerId: scope.accountId,
    Tags: taggedAt > scope.now ? [] : toList(row.tags),
  };
}

function isId(value: number | undefined): boolean {
  return value !== undefined && Number.isInteger(value) && value >= 0 && value <= 4294967295;
}

function checkUser({ Uid, Gid, SecondaryGids = [] }: PosixUser) {
  if (![Uid, Gid, ...SecondaryGids].every(isId) || SecondaryGids.length > 16)
    throw badRequest('the POSIX user has an invalid UID or GID');
}

function checkDirectory({ Path = '/', CreationInfo }: RootDirectory) {
  const parts = Path.split('/').slice(1);
  if (!Path.startsWith('/') || Path.length > 100 || (Path !== '/' && parts.includes('')) || parts.length > 4)
    throw badRequest(`invalid root directory: ${Path}`);
  if (!CreationInfo) return;
  const { OwnerUid, OwnerGid, Permissions = '' } = CreationInfo;
  if (!isId(OwnerUid) || !isId(OwnerGid) || !/^[0-7]{3,4}$/.test(Permissions))
    throw badRequest('the creation info of the root directory is invalid');
}

export const accessPoints: Noun = {
  service: 'efs',
  operations: {
    CreateAccessPoint: operation<CreateAccessPointCommandInput, CreateAccessPointCommandOutput>(
      ['ClientToken', 'Tags', 'FileSystemId', 'PosixUser', 'RootDirectory'],
      (scope, { ClientToken = scope.hex(32), Tags, FileSystemId = '', PosixUser, RootDirectory = {} }) => {
        if (ClientToken === '' || ClientToken.length > 64)
          throw badRequest('ClientToken must have between 1 and 64 characters');
        const { fileSystemId } = requireAvailable(scope, FileSystemId);
        if (PosixUser) checkUser(PosixUser);
        checkDirectory(RootDirectory);
        const tags = tagsFrom(Tags);
        const table = accessPointTable(scope);
        const existing = table.all().find(({ clientToken }) => clientToken === ClientToken);
        if (existing)
          throw refusal(
            'AccessPointAlreadyExists',
            `Access point '${existing.accessPointId}' already exists with client token '${ClientToken}'`,
            409,
            { AccessPointId: existing.accessPointId },
          );
        if (table.all().filter((row) => row.fileSystemId === fileSystemId).length >= accessPointsPerFileSystem)
          throw refusal('AccessPointLimitExceeded', 'The maximum number of access points has been reached.', 403);
        const accessPointId = scope.id('fsap');
        const row = table.insert(accessPointId, {
          accessPointId,
          clientToken: ClientToken,
          fileSystemId,
          ...(PosixUser ? { posixUser: structuredClone(PosixUser) } : {}),
          rootDirectory: { Path: '/', ...structuredClone(RootDirectory) },
          lifeCycleState: 'creating',
          tags,
        });
        scope.after(seconds, 'accessPointAvailable', { accessPointId });
        return describe(scope, row);
      },
    ),
    DescribeAccessPoints: operation<DescribeAccessPointsCommandInput, DescribeAccessPointsCommandOutput>(
      ['MaxResults', 'NextToken', 'AccessPointId', 'FileSystemId'],
      (scope, { MaxResults, NextToken, AccessPointId, FileSystemId }) => {
        if (AccessPointId !== undefined && FileSystemId !== undefined)
          throw badRequest('AccessPointId and FileSystemId cannot be specified at the same time');
        const wanted = FileSystemId === undefined ? undefined : requireFileSystem(scope, FileSystemId).fileSystemId;
        const rows =
          AccessPointId === undefined ? accessPointTable(scope).list() : [requireAccessPoint(scope, AccessPointId)];
        const found = rows.filter((row) => wanted === undefined || row.fileSystemId === wanted);
        const { page, next } = efsPage(found, MaxResults, NextToken);
        return { AccessPoints: page.map((row) => describe(scope, row)), NextToken: next };
      },
    ),
    DeleteAccessPoint: operation<DeleteAccessPointCommandInput, DeleteAccessPointCommandOutput>(
      ['AccessPointId'],
      (scope, { AccessPointId = '' }) => {
        const row = requireAccessPoint(scope, AccessPointId);
        if (row.lifeCycleState === 'deleting') return {};
        row.lifeCycleState = 'deleting';
        scope.after(seconds, 'accessPointGone', { accessPointId: row.accessPointId });
        return {};
      },
    ),
  },
  events: {
    accessPointAvailable(scope, { accessPointId }: { accessPointId: string }) {
      const row = accessPointTable(scope).peek(accessPointId);
      if (row?.lifeCycleState === 'creating') row.lifeCycleState = 'available';
    },
    accessPointGone(scope, { accessPointId }: { accessPointId: string }) {
      accessPointTable(scope).delete(accessPointId);
    },
  },
};
