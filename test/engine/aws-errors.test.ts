import { describe, expect, it } from 'vitest';
import {
  awsCode,
  classify,
  type ErrorClass,
  isAws,
  isGone,
  requestId,
  unless,
  unlessGone,
} from '../../src/aws-errors.ts';

function error(name: string, more: object = {}): Error {
  return Object.assign(new Error(''), { name, ...more });
}

/** AWS's codes by what they mean for us, as AWS's own references list them. */
const meanings: Partial<Record<ErrorClass, string>> = {
  throttle: `RequestLimitExceeded Throttling ThrottlingException ThrottledException SlowDown TooManyRequestsException
    EC2ThrottledException BandwidthLimitExceeded PriorRequestNotComplete TransactionInProgressException
    RequestThrottled RequestThrottledException ProvisionedThroughputExceededException`,
  unclear: 'RequestTimeout TimeoutError ECONNRESET EPIPE ETIMEDOUT',
  offline: 'ENOTFOUND EAI_AGAIN ECONNREFUSED ENETUNREACH EHOSTUNREACH ENETDOWN',
  notVisible: `InvalidVpcID.NotFound InvalidSubnetID.NotFound InvalidInternetGatewayID.NotFound
    InvalidRouteTableID.NotFound InvalidGroup.NotFound InvalidAllocationID.NotFound NatGatewayNotFound
    InvalidInstanceID.NotFound InvalidAMIID.NotFound InvalidAMIID.Unavailable InvalidKeyPair.NotFound
    LoadBalancerNotFound TargetGroupNotFound SubnetNotFound InvalidSecurityGroup NoSuchBucket NoSuchEntity`,
  serviceLinkedRole: 'ServiceLinkedRoleNotFoundFault',
  wrongState: `InvalidDBClusterStateFault InvalidDBInstanceState InvalidReplicationGroupState InvalidUserGroupState
    InvalidUserState InvalidCacheClusterState IncorrectFileSystemLifeCycleState IncorrectInstanceState IncorrectState
    InvalidTarget OperationAborted ConcurrentModification`,
  inUse: `DependencyViolation InvalidGroup.InUse InvalidIPAddress.InUse FileSystemInUse CacheSubnetGroupInUse
    InvalidDBSubnetGroupStateFault ResourceInUse DeleteConflict InvalidSnapshot.InUse BucketNotEmpty`,
  capacity: `InsufficientInstanceCapacity InsufficientDBInstanceCapacity InsufficientCacheClusterCapacity Unsupported
    InsufficientFreeAddressesInSubnet NoFreeAddressesInSubnet`,
  quota: `VpcLimitExceeded InternetGatewayLimitExceeded AddressLimitExceeded NatGatewayLimitExceeded VcpuLimitExceeded
    SecurityGroupLimitExceeded RulesPerSecurityGroupLimitExceeded RouteTableLimitExceeded DBClusterQuotaExceededFault
    InstanceQuotaExceeded DBSubnetGroupQuotaExceeded NodeQuotaForCustomerExceeded ClusterQuotaForCustomerExceeded
    UserQuotaExceeded UserGroupQuotaExceeded TooManyLoadBalancers TooManyTargetGroups FileSystemLimitExceeded
    TooManyBuckets LimitExceeded`,
  identity: `UnauthorizedOperation AccessDenied AuthFailure InvalidClientTokenId SignatureDoesNotMatch OptInRequired
    PendingVerification Blocked`,
  expired: 'ExpiredToken',
  exists: `InvalidSubnet.Conflict InvalidGroup.Duplicate InvalidKeyPair.Duplicate InvalidAMIName.Duplicate
    RouteAlreadyExists Resource.AlreadyAssociated InvalidPermission.Duplicate DuplicateLoadBalancerName
    DuplicateTargetGroupName DuplicateListener DBClusterAlreadyExistsFault DBInstanceAlreadyExists
    DBSubnetGroupAlreadyExists CacheSubnetGroupAlreadyExists UserAlreadyExists UserGroupAlreadyExists
    ReplicationGroupAlreadyExists FileSystemAlreadyExists AccessPointAlreadyExists MountTargetConflict
    EntityAlreadyExists BucketAlreadyOwnedByYou`,
  fatal: `InvalidParameter InvalidParameterValue InvalidParameterCombination MissingParameter
    IdempotentParameterMismatch MalformedPolicyDocument DBSubnetGroupDoesNotCoverEnoughAZs InvalidSubnet.Range
    SubnetNotAllowedFault SomethingThatAwsHasNotInventedYet`,
};

const rows = Object.entries(meanings).flatMap(([meaning, codes]) =>
  codes.split(/\s+/).map((code) => [code, meaning as ErrorClass] as const),
);

describe('classify', () => {
  it.each(rows)('%s is %s, by name, with either suffix, and by its wire code', (code, meaning) => {
    const bare = code.replace(/(Fault|Exception)$/, '');
    for (const name of [code, bare, `${bare}Fault`, `${bare}Exception`])
      expect(classify(error(name)), name).toBe(meaning);
    if (meaning === 'fatal') return;
    expect(classify(error('SomeOtherException', { Code: bare })), 'Code').toBe(meaning);
    expect(classify(error('SomeOtherException', { ErrorCode: bare })), 'ErrorCode').toBe(meaning);
  });

  it('goes by the wire code before the name', () => {
    expect(classify(error('ValidationException', { Code: 'Throttling' }))).toBe('throttle');
  });

  it.each(['ECONNRESET', 'EPIPE', 'ETIMEDOUT'])('knows a broken connection by Node’s code: %s', (code) => {
    expect(classify(Object.assign(new Error('socket hang up'), { code }))).toBe('unclear');
  });

  it.each([
    [429, 'throttle'],
    [503, 'throttle'],
    [500, 'unclear'],
    [502, 'unclear'],
    [504, 'unclear'],
    [200, 'unclear'],
    [400, 'fatal'],
    [403, 'identity'],
    [404, 'fatal'],
  ] as const)('takes HTTP %i without a code that it knows for %s', (httpStatusCode, meaning) => {
    expect(classify(error('New', { $metadata: { httpStatusCode } }))).toBe(meaning);
  });

  it('goes by the code where the status would say something else', () => {
    const at = (httpStatusCode: number) => ({ $metadata: { httpStatusCode } });
    expect(classify(error('InsufficientInstanceCapacity', at(500)))).toBe('capacity');
    expect(classify(error('RequestLimitExceeded', at(503)))).toBe('throttle');
    expect(classify(error('LimitExceededException', at(409)))).toBe('quota');
  });

  it.each([
    [
      'InvalidParameterValue',
      'Value (p) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name',
      'iamPropagation',
    ],
    ['InvalidParameterValue', 'IAM Instance Profile p has no associated IAM Roles', 'iamPropagation'],
    ['InvalidParameterValueException', 'The service linked role is missing', 'serviceLinkedRole'],
    ['InvalidParameterValue', 'Value (x) for parameter cidrBlock is invalid', 'fatal'],
    ['VpcLimitExceeded', 'Invalid IAM Instance Profile', 'quota'],
  ] as const)('reads the message only where AWS leaves nothing else: %s, %s', (name, message, meaning) => {
    expect(classify(error(name, { message }))).toBe(meaning);
  });

  it('takes anything that is no error of AWS for fatal', () => {
    for (const thrown of [undefined, null, 'text', new TypeError('x'), {}]) expect(classify(thrown)).toBe('fatal');
  });
});

describe('isGone', () => {
  it.each([
    'InvalidVpcID.NotFound',
    'InvalidAssociationID.NotFound',
    'NatGatewayNotFound',
    'DBInstanceNotFoundFault',
    'DBClusterNotFoundFault',
    'LoadBalancerNotFoundException',
    'NoSuchEntityException',
    'NoSuchBucket',
    'UserGroupNotFoundFault',
    'FileSystemNotFound',
    'ParameterNotFound',
    'Gateway.NotAttached',
    'NotFound',
  ])('is true for %s, by name or by wire code', (code) => {
    expect(isGone(error(code))).toBe(true);
    expect(isGone(error('ClientException', { Code: code }))).toBe(true);
  });

  it.each([
    'DependencyViolation',
    'AccessDenied',
    'InvalidAMIID.Unavailable',
    'NoSuchTagSet',
    'TimeoutError',
    'ENOTFOUND',
  ])('is false for %s', (code) => {
    expect(isGone(error(code))).toBe(false);
  });
});

describe('what a step does with a refusal', () => {
  it('unlessGone takes not-found for success and throws everything else', () => {
    expect(unlessGone(error('InvalidVpcID.NotFound'))).toBeUndefined();
    const other = error('DependencyViolation');
    expect(() => unlessGone(other)).toThrow(other);
  });

  it('unless takes the codes that it was given, whichever of their names AWS chose', () => {
    const already = unless('EntityAlreadyExists', 'LimitExceeded');
    expect(already(error('EntityAlreadyExistsException'))).toBeUndefined();
    expect(already(error('ClientException', { Code: 'LimitExceeded' }))).toBeUndefined();
    const other = error('AccessDenied');
    expect(() => already(other)).toThrow(other);
  });

  it('isAws compares whole codes', () => {
    expect(isAws(error('DBInstanceNotFoundFault'), 'DBInstanceNotFound')).toBe(true);
    expect(isAws(error('DBInstanceNotFound'), 'DBInstanceNotFoundFault')).toBe(true);
    expect(isAws(error('InstanceNotFound'), 'NotFound')).toBe(false);
    expect(isAws(undefined, 'NotFound')).toBe(false);
  });
});

describe('what the user is told', () => {
  it('is the wire code where there is one, else the name, else the system’s code', () => {
    expect(awsCode(error('DBInstanceNotFoundFault', { Code: 'DBInstanceNotFound' }))).toBe('DBInstanceNotFound');
    expect(awsCode(error('FileSystemInUse', { ErrorCode: 'FileSystemInUse' }))).toBe('FileSystemInUse');
    expect(awsCode(error('InvalidVpcID.NotFound'))).toBe('InvalidVpcID.NotFound');
    expect(awsCode(Object.assign(new Error('x'), { code: 'ECONNRESET' }))).toBe('ECONNRESET');
    expect(awsCode(undefined)).toBe('Error');
  });

  it('has the request’s id, for AWS’s support', () => {
    expect(requestId(error('x', { $metadata: { requestId: 'r-1' } }))).toBe('r-1');
    expect(requestId(undefined)).toBeUndefined();
  });
});
