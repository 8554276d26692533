/**
 * What an error of AWS means for us. One table, matched on the exception's name and on its wire `Code`, since layers
 * differ (`DBInstanceNotFoundFault` and `DBInstanceNotFound`); message text decides only where AWS leaves nothing else.
 */
export type ErrorClass =
  /** A clear no, for now: nothing happened. */
  | 'throttle'
  /** The outcome is unknown: AWS may have done it. */
  | 'unclear'
  /** The call never left this machine, for want of a name, a way or a listener: nothing happened. */
  | 'offline'
  /** The same, and it will not pass by itself: a proxy or a certificate in between says no. */
  | 'barred'
  /** Something just made does not show everywhere yet. */
  | 'notVisible'
  /** IAM has not told EC2 yet. */
  | 'iamPropagation'
  | 'serviceLinkedRole'
  | 'wrongState'
  | 'inUse'
  | 'capacity'
  | 'quota'
  | 'identity'
  /** Credentials ran out in the middle of a run. */
  | 'expired'
  | 'exists'
  | 'fatal';

const table: Record<Exclude<ErrorClass, 'fatal' | 'iamPropagation'>, string> = {
  throttle: `RequestLimitExceeded Throttling ThrottlingException ThrottledException SlowDown TooManyRequestsException
    TooManyRequests EC2ThrottledException BandwidthLimitExceeded PriorRequestNotComplete TransactionInProgressException
    RequestThrottled RequestThrottledException ProvisionedThroughputExceededException ServiceUnavailable Unavailable`,
  unclear: `TimeoutError RequestTimeout RequestTimeoutException InternalError InternalFailure InternalServerError
    InternalServiceError ServerInternal InternalServerErrorException ECONNRESET EPIPE ETIMEDOUT NetworkingError
    DependencyTimeout`,
  offline: 'ENOTFOUND EAI_AGAIN ECONNREFUSED ENETUNREACH EHOSTUNREACH ENETDOWN EADDRNOTAVAIL',
  barred: `ProxyRefused UNABLE_TO_VERIFY_LEAF_SIGNATURE SELF_SIGNED_CERT_IN_CHAIN DEPTH_ZERO_SELF_SIGNED_CERT
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY UNABLE_TO_GET_ISSUER_CERT CERT_HAS_EXPIRED CERT_NOT_YET_VALID
    ERR_TLS_CERT_ALTNAME_INVALID`,
  notVisible: `InvalidVpcID.NotFound InvalidSubnetID.NotFound InvalidInternetGatewayID.NotFound
    InvalidRouteTableID.NotFound InvalidGroup.NotFound InvalidAllocationID.NotFound NatGatewayNotFound
    InvalidInstanceID.NotFound InvalidAMIID.NotFound InvalidAMIID.Unavailable InvalidKeyPair.NotFound
    InvalidAssociationID.NotFound InvalidNetworkInterfaceID.NotFound LoadBalancerNotFound TargetGroupNotFound
    ListenerNotFound SubnetNotFound InvalidSubnet InvalidSecurityGroup SecurityGroupNotFound NoSuchBucket NoSuchEntity
    NotFound FileSystemNotFound MountTargetNotFound DBSubnetGroupNotFound DBClusterNotFound DBInstanceNotFound
    CacheSubnetGroupNotFound ReplicationGroupNotFound UserNotFound UserGroupNotFound ParameterNotFound`,
  serviceLinkedRole: `ServiceLinkedRoleNotFound ServiceLinkedRoleNotFoundFault`,
  wrongState: `InvalidDBClusterStateFault InvalidDBInstanceState InvalidReplicationGroupState InvalidUserGroupState
    InvalidUserState InvalidCacheClusterState IncorrectFileSystemLifeCycleState IncorrectMountTargetState
    IncorrectInstanceState IncorrectState InvalidTarget OperationAborted ConcurrentModification DependentServiceUnavailable`,
  inUse: `DependencyViolation InvalidGroup.InUse InvalidIPAddress.InUse FileSystemInUse CacheSubnetGroupInUse
    InvalidDBSubnetGroupStateFault ResourceInUse DeleteConflict InvalidSnapshot.InUse BucketNotEmpty`,
  capacity: `InsufficientInstanceCapacity InsufficientDBInstanceCapacity InsufficientCacheClusterCapacity Unsupported
    InsufficientFreeAddressesInSubnet NoFreeAddressesInSubnet`,
  quota: `VpcLimitExceeded SubnetLimitExceeded InternetGatewayLimitExceeded AddressLimitExceeded NatGatewayLimitExceeded
    VcpuLimitExceeded InstanceLimitExceeded SecurityGroupLimitExceeded SecurityGroupsPerInterfaceLimitExceeded
    RulesPerSecurityGroupLimitExceeded RouteTableLimitExceeded DBClusterQuotaExceededFault InstanceQuotaExceeded
    DBSubnetGroupQuotaExceeded NodeQuotaForCustomerExceeded ClusterQuotaForCustomerExceeded UserQuotaExceeded
    UserGroupQuotaExceeded TooManyLoadBalancers TooManyTargetGroups FileSystemLimitExceeded TooManyBuckets LimitExceeded
    ParameterLimitExceeded`,
  identity: `UnauthorizedOperation AccessDenied AuthFailure InvalidClientTokenId UnrecognizedClientException
    SignatureDoesNotMatch OptInRequired PendingVerification Blocked CredentialsProviderError RequestTimeTooSkewed
    InvalidSignatureException`,
  expired: `ExpiredToken ExpiredTokenException TokenProviderError RequestExpired`,
  exists: `InvalidSubnet.Conflict InvalidGroup.Duplicate InvalidKeyPair.Duplicate InvalidAMIName.Duplicate
    RouteAlreadyExists Resource.AlreadyAssociated InvalidPermission.Duplicate DuplicateLoadBalancerName
    DuplicateTargetGroupName DuplicateListener DBClusterAlreadyExistsFault DBInstanceAlreadyExists
    DBSubnetGroupAlreadyExists CacheSubnetGroupAlreadyExists UserAlreadyExists UserGroupAlreadyExists
    ReplicationGroupAlreadyExists FileSystemAlreadyExists AccessPointAlreadyExists MountTargetConflict
    EntityAlreadyExists BucketAlreadyOwnedByYou ParameterAlreadyExists`,
};

const classes = new Map<string, ErrorClass>();
for (const [name, codes] of Object.entries(table) as [ErrorClass, string][])
  for (const code of codes.split(/\s+/)) classes.set(plain(code), name);

interface AwsError {
  name?: string;
  Code?: string;
  code?: string;
  ErrorCode?: string;
  message?: string;
  $metadata?: { httpStatusCode?: number; requestId?: string };
}

/** AWS's code for `error`: the wire code where there is one, else the exception's name. */
export function awsCode(error: unknown): string {
  const { Code, ErrorCode, name, code } = (error ?? {}) as AwsError;
  return Code ?? ErrorCode ?? (name === 'Error' ? code : name) ?? 'Error';
}

export function requestId(error: unknown): string | undefined {
  return (error as AwsError)?.$metadata?.requestId;
}

const calls = new WeakMap<object, string>();

/** Remembers which IAM action the refused call itself is, since not every refusal names one. */
export function rememberAction(error: unknown, action: string) {
  if (typeof error === 'object' && error !== null) calls.set(error, action);
}

/**
 * The IAM action that `error` says is not allowed: as AWS names it, else that of the call itself. Undefined for any
 * other error.
 */
export function forbiddenAction(error: unknown): string | undefined {
  const { message = '', $metadata } = (error ?? {}) as AwsError;
  // Most services name it in plain words.
  const named = /not authorized to perform:? "?([\w-]+:\w+)/.exec(message)?.[1];
  if (named !== undefined) return named;
  const bare = $metadata?.httpStatusCode === 403 && !classes.has(plain(awsCode(error)));
  return bare || isAws(error, 'UnauthorizedOperation', 'AccessDenied') ? calls.get(error as object) : undefined;
}

/** True when `error` is one of `codes`, whichever of its names AWS or the SDK chose. */
export function isAws(error: unknown, ...codes: string[]): boolean {
  const { name, Code, ErrorCode } = (error ?? {}) as AwsError;
  const given = [name, Code, ErrorCode].filter((one) => one !== undefined).map(plain);
  return codes.some((code) => given.includes(plain(code)));
}

/** True when AWS says that the thing is not there (any more). */
export function isGone(error: unknown): boolean {
  const { name, Code, ErrorCode } = (error ?? {}) as AwsError;
  return [name, Code, ErrorCode].some(
    (code) => code !== undefined && /(NotFound|NoSuch(Entity|Bucket|Key|Upload)|Gateway\.NotAttached)/.test(code),
  );
}

/** For `.catch` behind a deleting call: not found is success. */
export function unlessGone(error: unknown): undefined {
  if (!isGone(error)) throw error;
}

/**
 * For `.catch` behind a deleting call: gone is success, and so is on its way out, which AWS refuses as a wrong state.
 * Looking first would be a call more each time, for what happens only after an interruption.
 */
export function unlessLeaving(isLeaving: () => Promise<boolean>): (error: unknown) => Promise<undefined> {
  return async (error) => {
    if (isGone(error) || (classify(error) === 'wrongState' && (await isLeaving()))) return undefined;
    throw error;
  };
}

/** For `.catch` behind a call that may have been made before: `codes` mean that its work is done. */
export function unless(...codes: string[]): (error: unknown) => undefined {
  return (error) => {
    if (!isAws(error, ...codes)) throw error;
  };
}

export function classify(error: unknown): ErrorClass {
  const { name, Code, ErrorCode, code, message = '', $metadata } = (error ?? {}) as AwsError;
  if (isAws(error, 'InvalidParameterValue', 'ValidationError')) {
    if (/Invalid IAM Instance Profile|no associated IAM Roles/i.test(message)) return 'iamPropagation';
    if (/service.linked role/i.test(message)) return 'serviceLinkedRole';
  }
  // The SDK has one name for credentials that are missing and for a log-in that is over.
  if (isAws(error, 'CredentialsProviderError') && /\b(expired|refresh|sso login)\b/i.test(message)) return 'expired';
  // The account's own refusal to be asked twice so soon has the same exception name as an IAM quota, which is final.
  for (const one of [Code, name, ErrorCode, code]) {
    const found = one === undefined ? undefined : classes.get(plain(one));
    if (found) return found;
  }
  const status = $metadata?.httpStatusCode;
  if (status === 429) return 'throttle';
  if (status === 503) return 'throttle';
  // The answer to a HEAD request has no body, and so no code.
  if (status === 403) return 'identity';
  // AWS did it (2xx) but its answer cannot be read, or it failed on the way.
  if (status !== undefined && (status >= 500 || status < 300)) return 'unclear';
  return 'fatal';
}

function plain(code: string): string {
  return code.replace(/(Fault|Exception)$/, '');
}
