import type {
  DeleteFileSystemPolicyCommandInput,
  DeleteFileSystemPolicyCommandOutput,
  DescribeBackupPolicyCommandInput,
  DescribeBackupPolicyCommandOutput,
  DescribeFileSystemPolicyCommandInput,
  DescribeFileSystemPolicyCommandOutput,
  DescribeLifecycleConfigurationCommandInput,
  DescribeLifecycleConfigurationCommandOutput,
  LifecyclePolicy,
  PutBackupPolicyCommandInput,
  PutBackupPolicyCommandOutput,
  PutFileSystemPolicyCommandInput,
  PutFileSystemPolicyCommandOutput,
  PutLifecycleConfigurationCommandInput,
  PutLifecycleConfigurationCommandOutput,
} from '@aws-sdk/client-efs';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { badRequest, type FileSystemRow, fileSystemTable, requireAvailable, requireFileSystem } from './rows.ts';

const backupSeconds = 5;

interface Statement {
  Effect?: unknown;
  Principal?: unknown;
  Action?: unknown;
  Condition?: unknown;
}

function invalidPolicy(message: string) {
  return refusal('InvalidPolicyException', `Policy contains invalid Principals or Actions: ${message}`);
}

function statementsOf(policy: string): Statement[] {
  if (policy.length > 20000) throw invalidPolicy('it is longer than 20000 characters');
  let document: { Version?: unknown; Statement?: Statement | Statement[] } | null;
  try {
    document = JSON.parse(policy) as typeof document;
  } catch {
    throw invalidPolicy('it is not JSON');
  }
  const statements = [document?.Statement ?? []].flat();
  if (statements.length === 0) throw invalidPolicy('it has no statement');
  for (const { Effect, Principal, Action } of statements) {
    if (Effect !== 'Allow' && Effect !== 'Deny') throw invalidPolicy('the effect must be Allow or Deny');
    if (Principal === undefined) throw invalidPolicy('a principal is missing');
    const actions = [Action].flat();
    if (!actions.every((action) => typeof action === 'string' && /^(\*$|elasticfilesystem:)/.test(action)))
      throw invalidPolicy('the actions must be of elasticfilesystem');
  }
  return statements;
}

/** True when the policy would keep its own author from putting another one. */
function locksOut(statements: Statement[]): boolean {
  return statements.some(({ Effect, Action, Condition }) => {
    const hits = [Action]
      .flat()
      .some((action) => /^(\*|elasticfilesystem:(\*|Put\*?|PutFileSystemPolicy))$/.test(String(action)));
    return Effect === 'Deny' && Condition === undefined && hits;
  });
}

const days = [1, 7, 14, 30, 60, 90, 180, 270, 365];

function daysOf(rule: string): number {
  const number = Number(/^AFTER_(\d+)_DAYS?$/.exec(rule)?.[1]);
  if (!days.includes(number)) throw badRequest(`invalid lifecycle rule: ${rule}`);
  return number;
}

function checkLifecycle(policies: LifecyclePolicy[], { throughputMode }: FileSystemRow) {
  if (policies.length > 3) throw badRequest('a lifecycle configuration has up to three policies');
  const all: LifecyclePolicy = {};
  for (const policy of policies) {
    const [kind, ...others] = Object.keys(policy) as (keyof LifecyclePolicy)[];
    if (kind === undefined || others.length > 0) throw badRequest('each lifecycle policy has exactly one transition');
    if (all[kind] !== undefined) throw badRequest(`the transition ${kind} is given twice`);
    Object.assign(all, policy);
  }
  const { TransitionToIA, TransitionToArchive, TransitionToPrimaryStorageClass } = all;
  if (TransitionToPrimaryStorageClass !== undefined && TransitionToPrimaryStorageClass !== 'AFTER_1_ACCESS')
    throw badRequest(`invalid lifecycle rule: ${TransitionToPrimaryStorageClass}`);
  const toIA = TransitionToIA === undefined ? undefined : daysOf(TransitionToIA);
  if (TransitionToArchive === undefined) return;
  if (throughputMode !== 'elastic') throw badRequest('the archive storage class needs elastic throughput');
  if (toIA !== undefined && daysOf(TransitionToArchive) <= toIA)
    throw badRequest('files move to the archive storage class after they moved to infrequent access');
}

function policyNotFound(message: string) {
  return refusal('PolicyNotFound', message, 404);
}

/** What a file system is told to do: who may mount it, what is archived, what is backed up. */
export const fileSystemPolicies: Noun = {
  service: 'efs',
  operations: {
    PutFileSystemPolicy: operation<PutFileSystemPolicyCommandInput, PutFileSystemPolicyCommandOutput>(
      ['FileSystemId', 'Policy', 'BypassPolicyLockoutSafetyCheck'],
      (scope, { FileSystemId = '', Policy = '', BypassPolicyLockoutSafetyCheck = false }) => {
        const row = requireAvailable(scope, FileSystemId);
        const statements = statementsOf(Policy);
        if (!BypassPolicyLockoutSafetyCheck && locksOut(statements))
          throw refusal(
            'InvalidPolicyException',
            'The policy would prevent its author from future PutFileSystemPolicy requests.',
          );
        row.policy = Policy;
        return { FileSystemId: row.fileSystemId, Policy };
      },
    ),
    DescribeFileSystemPolicy: operation<DescribeFileSystemPolicyCommandInput, DescribeFileSystemPolicyCommandOutput>(
      ['FileSystemId'],
      (scope, { FileSystemId = '' }) => {
        const { policy, fileSystemId } = requireFileSystem(scope, FileSystemId);
        if (policy === undefined) throw policyNotFound(`File system '${fileSystemId}' has no policy.`);
        return { FileSystemId: fileSystemId, Policy: policy };
      },
    ),
    DeleteFileSystemPolicy: operation<DeleteFileSystemPolicyCommandInput, DeleteFileSystemPolicyCommandOutput>(
      ['FileSystemId'],
      (scope, { FileSystemId = '' }) => {
        delete requireAvailable(scope, FileSystemId).policy;
        return {};
      },
    ),
    PutLifecycleConfiguration: operation<PutLifecycleConfigurationCommandInput, PutLifecycleConfigurationCommandOutput>(
      ['FileSystemId', 'LifecyclePolicies'],
      (scope, { FileSystemId = '', LifecyclePolicies = [] }) => {
        const row = requireAvailable(scope, FileSystemId);
        checkLifecycle(LifecyclePolicies, row);
        row.lifecyclePolicies = structuredClone(LifecyclePolicies);
        return { LifecyclePolicies: row.lifecyclePolicies };
      },
    ),
    DescribeLifecycleConfiguration: operation<
      DescribeLifecycleConfigurationCommandInput,
      DescribeLifecycleConfigurationCommandOutput
    >(['FileSystemId'], (scope, { FileSystemId = '' }) => ({
      LifecyclePolicies: requireFileSystem(scope, FileSystemId).lifecyclePolicies,
    })),
    PutBackupPolicy: operation<PutBackupPolicyCommandInput, PutBackupPolicyCommandOutput>(
      ['FileSystemId', 'BackupPolicy'],
      (scope, { FileSystemId = '', BackupPolicy }) => {
        const row = requireAvailable(scope, FileSystemId);
        const wanted = BackupPolicy?.Status;
        if (wanted !== 'ENABLED' && wanted !== 'DISABLED') throw badRequest(`invalid backup policy status: ${wanted}`);
        if (row.backup !== wanted) {
          row.backup = wanted === 'ENABLED' ? 'ENABLING' : 'DISABLING';
          scope.after(backupSeconds, 'backupPolicySettled', { fileSystemId: row.fileSystemId });
        }
        return { BackupPolicy: { Status: row.backup } };
      },
    ),
    DescribeBackupPolicy: operation<DescribeBackupPolicyCommandInput, DescribeBackupPolicyCommandOutput>(
      ['FileSystemId'],
      (scope, { FileSystemId = '' }) => {
        const { backup, fileSystemId } = requireFileSystem(scope, FileSystemId);
        if (backup === undefined) throw policyNotFound(`File system '${fileSystemId}' has no backup policy.`);
        return { BackupPolicy: { Status: backup } };
      },
    ),
  },
  events: {
    backupPolicySettled(scope, { fileSystemId }: { fileSystemId: string }) {
      const row = fileSystemTable(scope).peek(fileSystemId);
      if (row?.backup === 'ENABLING') row.backup = 'ENABLED';
      else if (row?.backup === 'DISABLING') row.backup = 'DISABLED';
    },
  },
};
