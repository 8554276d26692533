import type { IncomingHttpHeaders } from 'node:http';

/** What a request asks of AWS, as far as the wire shows it. */
export interface Operation {
  /** `ec2.CreateVpc`, `s3.PUT bucket?encryption`: the signing name, then AWS's operation or the REST request. */
  name: string;
  /** Whether carrying it out changes the account. */
  changes: boolean;
}

const READING = /^(Describe|Get|List|Head|Search|Lookup|BatchGet|Simulate|Decode|AssumeRole|Query|Select)/;

/** The operations of EFS, whose protocol has no operation name on the wire; `*` is an id. */
const EFS: Record<string, string> = {
  'POST file-systems': 'CreateFileSystem',
  'GET file-systems': 'DescribeFileSystems',
  'PUT file-systems/*': 'UpdateFileSystem',
  'DELETE file-systems/*': 'DeleteFileSystem',
  'PUT file-systems/*/lifecycle-configuration': 'PutLifecycleConfiguration',
  'GET file-systems/*/lifecycle-configuration': 'DescribeLifecycleConfiguration',
  'PUT file-systems/*/policy': 'PutFileSystemPolicy',
  'GET file-systems/*/policy': 'DescribeFileSystemPolicy',
  'DELETE file-systems/*/policy': 'DeleteFileSystemPolicy',
  'PUT file-systems/*/backup-policy': 'PutBackupPolicy',
  'GET file-systems/*/backup-policy': 'DescribeBackupPolicy',
  'POST mount-targets': 'CreateMountTarget',
  'GET mount-targets': 'DescribeMountTargets',
  'DELETE mount-targets/*': 'DeleteMountTarget',
  'GET mount-targets/*/security-groups': 'DescribeMountTargetSecurityGroups',
  'PUT mount-targets/*/security-groups': 'ModifyMountTargetSecurityGroups',
  'POST access-points': 'CreateAccessPoint',
  'GET access-points': 'DescribeAccessPoints',
  'DELETE access-points/*': 'DeleteAccessPoint',
  'GET resource-tags/*': 'ListTagsForResource',
  'POST resource-tags/*': 'TagResource',
  'DELETE resource-tags/*': 'UntagResource',
};

/**
 * Reads the operation off a request as any AWS client sends it: the service from the scope of the signature, the
 * operation from the query protocol's `Action`, the JSON protocols' target header, the RPC protocol's path, or, for
 * EFS and S3, from method and path.
 */
export function operationOf(method: string, url: string, headers: IncomingHttpHeaders, body: Buffer): Operation {
  const { pathname, searchParams } = new URL(url, 'http://emulator');
  const service = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? 'unsigned';
  const target = headers['x-amz-target'];
  const called =
    (typeof target === 'string' ? target.split('.').at(-1) : undefined) ??
    /\/operation\/(\w+)$/.exec(pathname)?.[1] ??
    searchParams.get('Action') ??
    (/x-www-form-urlencoded/.test(headers['content-type'] ?? '')
      ? new URLSearchParams(body.toString()).get('Action')
      : null);
  if (called) return { name: `${service}.${called}`, changes: !READING.test(called) };

  const changes = method !== 'GET' && method !== 'HEAD';
  if (service === 'elasticfilesystem') {
    const parts = pathname
      .replace(/^\/2015-02-01\//, '')
      .split('/')
      .filter(Boolean);
    const shape = `${method} ${parts.map((part, i) => (i === 1 ? '*' : part)).join('/')}`;
    return { name: `${service}.${EFS[shape] ?? EFS[shape.replace('/*', '')] ?? shape}`, changes };
  }
  const segments = pathname.split('/').filter(Boolean).length;
  const on = service === 's3' ? (['service', 'bucket'][segments] ?? 'object') : pathname;
  const subresource = [...searchParams.keys()].find((key) => key !== 'x-id' && !searchParams.get(key));
  return { name: `${service}.${method} ${on}${subresource ? `?${subresource}` : ''}`, changes };
}
