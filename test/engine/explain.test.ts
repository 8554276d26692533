import { describe, expect, it } from 'vitest';
import { FailedLater } from '../../src/engine/run.ts';
import { userError } from '../../src/errors.ts';
import { explain, explainCall, isFromAws, type Learned } from '../../src/explain.ts';

const stateFile = '.airflow-aws/state.json';
const login = 'aws sso login --profile work';

function refusal(name: string, message = name, more: object = {}): Error {
  return Object.assign(new Error(message), { name, $metadata: { requestId: 'req-1' }, ...more });
}

function told(error: unknown, learned: Learned = {}, verb: 'creating' | 'destroying' = 'creating') {
  const goOn = verb === 'creating' ? 'airflow-aws up --resume' : 'airflow-aws destroy';
  const failure = { key: 'nodeA', step: 10, error };
  return explain(failure, { verb, title: 'Node a', stateFile, goOn, login, learned });
}

/** One code of each class, the exit code, and words of the reason and of the fix that no other class has. */
const classes: [code: string, exitCode: number, why: RegExp, fix: RegExp][] = [
  ['RequestLimitExceeded', 1, /too many/, /Wait a minute/],
  ['TimeoutError', 1, /did not answer/, /network.*Health Dashboard/],
  ['InvalidVpcID.NotFound', 1, /did not show/, /status/],
  ['ServiceLinkedRoleNotFoundFault', 1, /service-linked role/, /iam:CreateServiceLinkedRole/],
  ['IncorrectInstanceState', 1, /state in which/, /ends after a while/],
  ['DependencyViolation', 1, /still uses it/, /Remove what uses it/],
  ['InsufficientInstanceCapacity', 1, /no free capacity/, /another class or zone/],
  ['VpcLimitExceeded', 1, /quota/, /Service Quotas/],
  ['UnauthorizedOperation', 4, /may not/, /policy/],
  ['InvalidClientTokenId', 4, /does not know these credentials/, /access key/],
  ['AuthFailure', 4, /opted in to/, /enable it in the console/],
  ['SignatureDoesNotMatch', 4, /secret key does not belong/, /secret access key again/],
  ['OptInRequired', 4, /may not use this service or region/, /Enable the region/],
  ['PendingVerification', 4, /still verifying/, /e-mail/],
  ['Blocked', 4, /has blocked/, /AWS Support/],
  ['RequestTimeTooSkewed', 4, /clock/, /timedatectl/],
  ['ENOTFOUND', 7, /no way to AWS/, /Get back to a network.*AWS_ENDPOINT_URL/],
  ['SELF_SIGNED_CERT_IN_CHAIN', 1, /bars the way/, /NODE_EXTRA_CA_CERTS/],
  ['ProxyRefused', 1, /a proxy that refuses/, /HTTPS_PROXY/],
  ['InvalidAMIID.NotFound', 1, /image is not in this region/, /default/],
  ['Unsupported', 1, /does not sell that class/, /doctor/],
  ['InsufficientFreeAddressesInSubnet', 1, /no free address/, /larger ranges/],
  ['BucketAlreadyExists', 1, /another account/, /another name/],
  ['ExpiredToken', 7, /ran out/, /aws sso login --profile work/],
  ['InvalidGroup.Duplicate', 1, /does not carry the tags/, /rename/],
  ['IdempotentParameterMismatch', 1, /defect/, /--verbose/],
];

describe('a failure', () => {
  it.each(classes)('of the code %s ends with exit %i and says why and what to do', (code, exitCode, why, fix) => {
    const error = told(refusal(code, 'in AWS’s own words'));
    expect(error).toMatchObject({ exitCode, awsCode: code, requestId: 'req-1', step: 10, resource: 'nodeA' });
    expect(error.what).toBe('STEP 10 Node a: creating nodeA failed.');
    expect(error.why).toMatch(why);
    expect(error.why).toContain(`AWS says ${code}: in AWS’s own words`);
    expect(error.fix).toMatch(fix);
    expect(error.fix).toContain('Then run "airflow-aws up --resume".');
    expect(error.fix).toContain(`recorded in ${stateFile}`);
    expect(error.resumable).toBe(true);
  });

  /** What only AWS’s words tell: its code is that of something else. */
  it.each([
    [
      'SignatureDoesNotMatch',
      'Signature expired: 20261125T000000Z is now earlier than 20261125T010000Z',
      /more than five minutes wrong/,
      /timedatectl/,
    ],
    [
      'InvalidSignatureException',
      'Signature not yet current: 20261125T010000Z is still later than 20261125T000000Z',
      /more than five minutes wrong/,
      /timedatectl/,
    ],
    [
      'AccessDenied',
      'User: arn:aws:iam::1:user/me is not authorized to perform: rds:CreateDBCluster on resource: * with an explicit deny in a service control policy',
      /may not call rds:CreateDBCluster\.\nA service control policy/,
      /administers the AWS organisation/,
    ],
    [
      'AccessDenied',
      'User: arn:aws:iam::1:user/me is not authorized to perform: iam:CreateRole on resource: x because no permissions boundary allows the iam:CreateRole action',
      /may not call iam:CreateRole\.\nA permissions boundary/,
      /widen it/,
    ],
    [
      'OptInRequired',
      'In order to use this AWS Marketplace product you need to accept terms and subscribe. To do so please visit https://aws.amazon.com/marketplace/pp?sku=x',
      /not subscribed/,
      /Accept its terms/,
    ],
  ])('of the code %s that says "%s" is told as what it is', (code, message, why, fix) => {
    const error = told(refusal(code, message));
    expect(error.exitCode).toBe(4);
    expect(error.why).toMatch(why);
    expect(error.fix).toMatch(fix);
  });

  it('whose words would move a cursor, ring or hide what they say is shown without that', () => {
    const { what, why, fix } = told(refusal('VpcLimitExceeded', 'a\u001b[2Jb\u0007c\u009b1md\u202ee\rf'));
    expect(`${what}${why}${fix}`).not.toMatch(/(?!\n)[\p{Cc}\u202a-\u202e]/u);
    expect(why).toContain('a\ufffd[2Jb\ufffdc\ufffd1md\ufffde\ufffdf');
  });

  it('that is slow IAM is told by its message, since AWS has no code for it', () => {
    const error = told(refusal('InvalidParameterValue', 'Invalid IAM Instance Profile name'));
    expect(error.why).toContain('did not learn of the new role');
    expect(error.why).not.toContain('defect');
  });

  it('of destroy goes on with destroy', () => {
    expect(told(refusal('DependencyViolation'), {}, 'destroying').fix).toContain('Then run "airflow-aws destroy".');
  });

  it('for lack of permission names the action that AWS names', () => {
    const message = 'User: arn:aws:iam::1:user/me is not authorized to perform: rds:CreateDBCluster on resource: *';
    const error = told(refusal('AccessDenied', message));
    expect(error.why).toContain('may not call rds:CreateDBCluster');
    expect(error.fix).toContain('Allow rds:CreateDBCluster in the policy');
  });

  it('whose action was decoded names that, and leaves the encoded text out', () => {
    const encoded = 'aB3_-'.repeat(100);
    const message = `You are not authorized to perform this operation. Encoded authorization failure message: ${encoded}`;
    const error = told(refusal('UnauthorizedOperation', message), {
      action: 'ec2:RunInstances',
      why: 'No policy allows it.',
    });
    expect(error.why).toContain('may not call ec2:RunInstances.\nNo policy allows it.');
    expect(error.fix).toContain('Allow ec2:RunInstances');
    expect(error.why).not.toContain(encoded);
    expect(error.why).toContain('You are not authorized');
  });

  it('about which AWS told more has that instead of the general advice', () => {
    const error = told(refusal('VpcLimitExceeded'), { why: 'The quota L-1 is 5.', fix: 'Ask for 6.' });
    expect(error.why).toContain('The quota L-1 is 5.');
    expect(error.fix).toMatch(/^Ask for 6\. Then run/);
  });

  it('of something that failed by itself has AWS’s own reason, and the advice for its code', () => {
    const error = told(
      new FailedLater('The instance ended', 'Server.InsufficientInstanceCapacity', 'No host was free'),
    );
    expect(error.why).toContain('let it fail by itself, the second time too');
    expect(error.why).toContain('AWS says Server.InsufficientInstanceCapacity: The instance ended: No host was free');
    expect(error.fix).toContain('another class or zone');
  });

  it('that was foreseen keeps its own words', () => {
    const given = userError({ code: 'timed-out', exitCode: 1, what: 'Waited.', why: 'Slow.', fix: 'Wait.' });
    expect(told(given)).toMatchObject({ code: 'timed-out', what: 'Waited.', why: 'Slow.', fix: 'Wait.', step: 10 });
  });
});

describe('a call outside of the run', () => {
  it('is told in the same words, and asks for the same command again', () => {
    const error = explainCall(refusal('ExpiredToken', 'The token is expired'), { login });
    expect(error).toMatchObject({ exitCode: 7, awsCode: 'ExpiredToken', resumable: true });
    expect(error.fix).toBe(`Log in again ("${login}"). Then run the same command again.`);
  });

  it('is told from a defect', () => {
    expect(isFromAws(refusal('SomethingNew'))).toBe(true);
    expect(isFromAws(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }))).toBe(true);
    expect(isFromAws(new TypeError('x is undefined'))).toBe(false);
  });
});
