import type {
  CreateFileSystemCommandInput,
  CreateFileSystemCommandOutput,
  DeleteFileSystemCommandInput,
  DeleteFileSystemCommandOutput,
  DescribeFileSystemsCommandInput,
  DescribeFileSystemsCommandOutput,
  FileSystemDescription,
  UpdateFileSystemCommandInput,
  UpdateFileSystemCommandOutput,
  UpdateFileSystemProtectionCommandInput,
  UpdateFileSystemProtectionCommandOutput,
} from '@aws-sdk/client-efs';
import type { Scope } from '../account.ts';
import { zonesOf } from '../ec2/zones.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { efsPage } from './pages.ts';
import {
  accessPointTable,
  badRequest,
  type FileSystemRow,
  fileSystemTable,
  incorrectState,
  mountTargetsOf,
  requireAvailable,
  requireFileSystem,
} from './rows.ts';
import { tagsFrom, toList } from './tags.ts';
import { throughputFor } from './throughput.ts';

/** Quota L-848C634D. */
const fileSystemsPerRegion = 1000;
/** Bytes that an empty file system is metered with, a while after its creation. */
const emptyBytes = 6144;
const hour = 3_600_000;

function describe(scope: Scope, row: FileSystemRow): FileSystemDescription {
  const { Name } = row.tags;
  const metered = scope.now - row.creationTime >= hour;
  const measured = { Timestamp: new Date(scope.now), ValueInIA: 0, ValueInStandard: emptyBytes, ValueInArchive: 0 };
  const tags = (row as { taggedAt?: number }).taggedAt ?? 0;
  return {
    OwnerId: scope.accountId,
    CreationToken: row.creationToken,
    FileSystemId: row.fileSystemId,
    FileSystemArn: scope.arn('elasticfilesystem', `file-system/${row.fileSystemId}`),
    CreationTime: new Date(row.creationTime),
    LifeCycleState: row.lifeCycleState,
    Name,
    NumberOfMountTargets: mountTargetsOf(scope, row.fileSystemId).length,
    SizeInBytes: metered ? { Value: emptyBytes, ...measured } : { Value: 0 },
    PerformanceMode: row.performanceMode,
    Encrypted: row.encrypted,
    KmsKeyId: row.kmsKeyId,
    ThroughputMode: row.throughputMode,
    ProvisionedThroughputInMibps: row.provisionedThroughputInMibps,
    AvailabilityZoneName: row.availabilityZoneName,
    AvailabilityZoneId: row.availabilityZoneId,
    Tags: tags > scope.now ? [] : toList(row.tags),
    FileSystemProtection: { ReplicationOverwriteProtection: row.overwriteProtection },
  };
}

/** The ARN of the key that a call names, or of the one that AWS keeps for EFS. */
function kmsKeyArn(scope: Scope, given = 'alias/aws/elasticfilesystem'): string {
  const ownKey = '5a1f0e2c-7d3b-4c1e-9f60-0b8d2e4a6c11';
  if (given.startsWith('arn:')) return given;
  return scope.arn('kms', `key/${given.startsWith('alias/') ? ownKey : given}`);
}

function encryptionFor(scope: Scope, { Encrypted = false, KmsKeyId }: CreateFileSystemCommandInput) {
  if (KmsKeyId !== undefined && !Encrypted) throw badRequest('KmsKeyId can only be specified if Encrypted is true');
  return Encrypted ? { encrypted: true, kmsKeyId: kmsKeyArn(scope, KmsKeyId) } : { encrypted: false };
}

function zoneFor(scope: Scope, name: string | undefined) {
  if (name === undefined) return {};
  const zone = zonesOf(scope.region).find((one) => one.name === name);
  if (!zone) throw badRequest(`invalid availability zone: ${name}`);
  return { availabilityZoneName: zone.name, availabilityZoneId: zone.id };
}

export const fileSystems: Noun = {
  service: 'efs',
  operations: {
    CreateFileSystem: operation<CreateFileSystemCommandInput, CreateFileSystemCommandOutput>(
      [
        'CreationToken',
        'PerformanceMode',
        'Encrypted',
        'KmsKeyId',
        'ThroughputMode',
        'ProvisionedThroughputInMibps',
        'AvailabilityZoneName',
        'Backup',
        'Tags',
      ],
      (scope, input) => {
        const { CreationToken = scope.hex(32), PerformanceMode = 'generalPurpose', AvailabilityZoneName } = input;
        const { ThroughputMode = 'bursting', ProvisionedThroughputInMibps, Tags } = input;
        if (CreationToken === '' || CreationToken.length > 64)
          throw badRequest('CreationToken must have between 1 and 64 characters');
        if (PerformanceMode !== 'generalPurpose' && PerformanceMode !== 'maxIO')
          throw badRequest(`invalid performance mode: ${PerformanceMode}`);
        const zone = zoneFor(scope, AvailabilityZoneName);
        if (AvailabilityZoneName !== undefined && PerformanceMode === 'maxIO')
          throw badRequest('One Zone file systems do not support the performance mode maxIO');
        const place = { performanceMode: PerformanceMode, ...zone };
        const throughput = throughputFor(ThroughputMode, ProvisionedThroughputInMibps, place);
        const encryption = encryptionFor(scope, input);
        const tags = tagsFrom(Tags);
        const table = fileSystemTable(scope);
        const existing = table.all().find(({ creationToken }) => creationToken === CreationToken);
        if (existing)
          throw refusal(
            'FileSystemAlreadyExists',
            `File system '${existing.fileSystemId}' already exists with creation token '${CreationToken}'`,
            409,
            { FileSystemId: existing.fileSystemId },
          );
        if (table.all().length >= fileSystemsPerRegion)
          throw refusal('FileSystemLimitExceeded', 'The maximum number of file systems has been reached.', 403);
        const fileSystemId = scope.id('fs');
        const backup = input.Backup ?? AvailabilityZoneName !== undefined;
        const row = table.insert(fileSystemId, {
          fileSystemId,
          creationToken: CreationToken,
          creationTime: scope.now,
          lifeCycleState: 'creating',
          ...place,
          ...throughput,
          ...encryption,
          overwriteProtection: 'ENABLED',
          ...(backup ? { backup: 'ENABLED' as const } : {}),
          lifecyclePolicies: [],
          tags,
        });
        scope.after(scope.seconds('fileSystem.create'), 'fileSystemAvailable', { fileSystemId });
        return describe(scope, row);
      },
    ),
    DescribeFileSystems: operation<DescribeFileSystemsCommandInput, DescribeFileSystemsCommandOutput>(
      ['MaxItems', 'Marker', 'CreationToken', 'FileSystemId'],
      (scope, { MaxItems, Marker, CreationToken, FileSystemId }) => {
        if (CreationToken !== undefined && FileSystemId !== undefined)
          throw badRequest('CreationToken and FileSystemId cannot be specified at the same time');
        const rows =
          FileSystemId === undefined ? fileSystemTable(scope).list() : [requireFileSystem(scope, FileSystemId)];
        const found = rows.filter((row) => CreationToken === undefined || row.creationToken === CreationToken);
        const { page, next } = efsPage(found, MaxItems, Marker);
        return { Marker, FileSystems: page.map((row) => describe(scope, row)), NextMarker: next };
      },
    ),
    UpdateFileSystem: operation<UpdateFileSystemCommandInput, UpdateFileSystemCommandOutput>(
      ['FileSystemId', 'ThroughputMode', 'ProvisionedThroughputInMibps'],
      (scope, { FileSystemId = '', ThroughputMode, ProvisionedThroughputInMibps }) => {
        const row = requireAvailable(scope, FileSystemId);
        const before = row.provisionedThroughputInMibps;
        const mode = ThroughputMode ?? row.throughputMode;
        const kept = mode === 'provisioned' ? before : undefined;
        const next = throughputFor(mode, ProvisionedThroughputInMibps ?? kept, row);
        const lowered = (next.provisionedThroughputInMibps ?? 0) < (before ?? 0);
        const slows = mode !== row.throughputMode || lowered;
        if (slows && row.throughputChangedAt !== undefined && scope.now - row.throughputChangedAt < 24 * hour)
          throw refusal('TooManyRequests', 'Throughput can be lowered or changed in mode once in 24 hours.', 429);
        if (slows) row.throughputChangedAt = scope.now;
        delete row.provisionedThroughputInMibps;
        Object.assign(row, next);
        row.lifeCycleState = 'updating';
        scope.after(scope.seconds('fileSystem.create'), 'fileSystemAvailable', { fileSystemId: row.fileSystemId });
        return describe(scope, row);
      },
    ),
    UpdateFileSystemProtection: operation<
      UpdateFileSystemProtectionCommandInput,
      UpdateFileSystemProtectionCommandOutput
    >(
      ['FileSystemId', 'ReplicationOverwriteProtection'],
      (scope, { FileSystemId = '', ReplicationOverwriteProtection: wanted }) => {
        const row = requireAvailable(scope, FileSystemId);
        if (wanted !== undefined && wanted !== 'ENABLED' && wanted !== 'DISABLED')
          throw badRequest(`invalid overwrite protection: ${wanted}`);
        row.overwriteProtection = wanted ?? row.overwriteProtection;
        return { ReplicationOverwriteProtection: row.overwriteProtection };
      },
    ),
    DeleteFileSystem: operation<DeleteFileSystemCommandInput, DeleteFileSystemCommandOutput>(
      ['FileSystemId'],
      (scope, { FileSystemId = '' }) => {
        const row = requireFileSystem(scope, FileSystemId);
        if (mountTargetsOf(scope, row.fileSystemId).length > 0)
          throw refusal('FileSystemInUse', `File system '${row.fileSystemId}' has mount targets created in it.`, 409);
        if (row.lifeCycleState === 'deleting') return {};
        if (row.lifeCycleState !== 'available') throw incorrectState(row);
        row.lifeCycleState = 'deleting';
        scope.after(scope.seconds('fileSystem.delete'), 'fileSystemGone', { fileSystemId: row.fileSystemId });
        return {};
      },
    ),
  },
  events: {
    fileSystemAvailable(scope, { fileSystemId }: { fileSystemId: string }) {
      const row = fileSystemTable(scope).peek(fileSystemId);
      if (row && row.lifeCycleState !== 'deleting') row.lifeCycleState = 'available';
    },
    fileSystemGone(scope, { fileSystemId }: { fileSystemId: string }) {
      const points = accessPointTable(scope);
      for (const point of points.all()) if (point.fileSystemId === fileSystemId) points.delete(point.accessPointId);
      fileSystemTable(scope).delete(fileSystemId);
    },
  },
};
