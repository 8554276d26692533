import { mountTargetTable } from '../efs/rows.ts';
import { ec2Arn, ec2Requests } from './ec2.ts';
import { firstUse } from './iam.ts';
import {
  type AuthorizationRequest,
  type Call,
  requestTags,
  resourceTags,
  tagsByArn,
  tagsOf,
  text,
  texts,
} from './request.ts';

/** EFS asks for its file systems by id, and has EC2 ask the same caller about the interfaces of mount targets. */
export function efsRequests({ scope, operation, input }: Call): AuthorizationRequest[] {
  const action = `elasticfilesystem:${operation}`;
  const tags = requestTags(tagsOf(input.Tags));
  if (operation === 'CreateFileSystem') {
    const context = { ...tags, 'elasticfilesystem:Encrypted': [String(input.Encrypted === true)] };
    const tagging = {
      action: 'elasticfilesystem:TagResource',
      resource: scope.arn('elasticfilesystem', 'file-system/*'),
      context: { ...tags, 'elasticfilesystem:CreateAction': [operation] },
    };
    return [{ action, resource: '*', context }, ...(Object.keys(tags).length > 0 ? [tagging] : [])];
  }
  const mountTarget = mountTargetTable(scope).peek(text(input.MountTargetId));
  const id = text(input.FileSystemId) ?? mountTarget?.fileSystemId ?? text(input.ResourceId);
  const resource = scope.arn('elasticfilesystem', `file-system/${id ?? '*'}`);
  const there = tagsByArn(scope, resource);
  // EFS looks for a named file system before it asks about it, and answers by itself that there is none.
  if (id !== undefined && there === undefined) return [];
  const own = { action, resource, context: { ...resourceTags(there), ...tags } };
  if (operation === 'CreateMountTarget') {
    const { SubnetId, SecurityGroups } = input;
    const made = ec2Requests({
      scope,
      service: 'ec2',
      operation: 'CreateNetworkInterface',
      input: { SubnetId, Groups: SecurityGroups },
    });
    const asked = ['ec2:DescribeSubnets', 'ec2:DescribeNetworkInterfaces'];
    return [
      own,
      ...asked.map((one) => ({ action: one, resource: '*', context: {} })),
      ...made,
      ...firstUse(scope, 'elasticfilesystem'),
    ];
  }
  if (operation === 'DeleteMountTarget')
    return [own, { action: 'ec2:DeleteNetworkInterface', resource: ec2Arn(scope, 'network-interface'), context: {} }];
  return [own];
}

/** By the name of a load balancer's ARN; what does not exist yet has a name and no number. */
export function elbRequests({ scope, operation, input }: Call): AuthorizationRequest[] {
  const action = `elasticloadbalancing:${operation}`;
  if (operation.startsWith('Describe')) return [{ action, resource: '*', context: {} }];
  const tags = requestTags(tagsOf(input.Tags));
  const name = text(input.Name);
  const made = { CreateLoadBalancer: `loadbalancer/app/${name}/*`, CreateTargetGroup: `targetgroup/${name}/*` }[
    operation
  ];
  const arns =
    made !== undefined
      ? [scope.arn('elasticloadbalancing', made)]
      : [...texts(input.LoadBalancerArn ?? input.ListenerArn ?? input.TargetGroupArn), ...texts(input.ResourceArns)];
  const requests: AuthorizationRequest[] = arns.map((resource) => ({
    action,
    resource,
    context: { ...resourceTags(tagsByArn(scope, resource)), ...tags },
  }));
  if (requests.length === 0) requests.push({ action, resource: '*', context: {} });
  if (operation.startsWith('Create') && Object.keys(tags).length > 0)
    requests.push({
      action: 'elasticloadbalancing:AddTags',
      resource: operation === 'CreateListener' ? `${arns[0]?.replace(':loadbalancer/', ':listener/')}/*` : arns[0]!,
      context: { ...tags, 'elasticloadbalancing:CreateAction': [operation] },
    });
  if (operation === 'CreateLoadBalancer') requests.push(...firstUse(scope, 'elasticloadbalancing'));
  return requests;
}

/** Parameters by name. A public one, of AWS or of a publisher, belongs to no account. */
export function ssmRequests({ scope, operation, input }: Call): AuthorizationRequest[] {
  const action = `ssm:${operation}`;
  const names = [...texts(input.Name), ...texts(input.Names), ...texts(input.Path)];
  if (input.ResourceType === 'Parameter') names.push(...texts(input.ResourceId));
  if (names.length === 0) return [{ action, resource: '*', context: {} }];
  const tags = requestTags(tagsOf(input.Tags));
  return names.flatMap((name) => {
    const accountId = name.startsWith('/aws/') ? '' : scope.accountId;
    const resource = scope.arn('ssm', `parameter${name.startsWith('/') ? '' : '/'}${name}`, { accountId });
    const context = { ...resourceTags(tagsByArn(scope, resource)), ...tags };
    const tagging = { action: 'ssm:AddTagsToResource', resource, context };
    const alsoTags = operation === 'PutParameter' && Object.keys(tags).length > 0;
    return [{ action, resource, context }, ...(alsoTags ? [tagging] : [])];
  });
}

/** Buckets by name, objects by bucket and key; a version of an object has an action of its own. */
export function s3Requests({ scope, input }: Call, action: string): AuthorizationRequest[] {
  const bucket = text(input.Bucket);
  if (bucket === undefined) return [{ action, resource: '*', context: {} }];
  const arn = `arn:${scope.partition}:s3:::${bucket}`;
  const listed = (input.Delete as { Objects?: { Key: string; VersionId?: string }[] } | undefined)?.Objects;
  if (listed)
    return listed.map(({ Key, VersionId }) => ({
      action: VersionId === undefined ? action : 's3:DeleteObjectVersion',
      resource: `${arn}/${Key}`,
      context: {},
    }));
  const key = text(input.Key);
  if (key !== undefined) return [{ action, resource: `${arn}/${key}`, context: {} }];
  const configuration = input.CreateBucketConfiguration as { Tags?: unknown } | undefined;
  const tags = requestTags(tagsOf(configuration?.Tags));
  const own = { action, resource: arn, context: tags };
  return Object.keys(tags).length > 0 ? [own, { ...own, action: 's3:TagResource' }] : [own];
}
