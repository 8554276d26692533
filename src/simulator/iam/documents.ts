import { refusal } from '../refusal.ts';

export interface PolicyStatement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Principal?: unknown;
  NotPrincipal?: unknown;
  Action?: string | string[];
  NotAction?: string | string[];
  Resource?: string | string[];
  NotResource?: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** `trust` says who may assume a role, `identity` what a principal may do, `resource` both. */
export type PolicyKind = 'trust' | 'identity' | 'resource';

const versions = ['2012-10-17', '2008-10-17'];
const statementMembers = [
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
];

function malformed(message: string) {
  return refusal('MalformedPolicyDocument', message);
}

/** The statements of a policy document. Refused, with IAM's `MalformedPolicyDocument`, when IAM would not store it. */
export function parsePolicy(text: string | undefined, kind: PolicyKind): PolicyStatement[] {
  let document: unknown;
  try {
    document = JSON.parse(text ?? '');
  } catch {
    throw malformed('This policy contains invalid Json');
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw malformed('Syntax errors in policy.');
  const { Version, Id, Statement, ...others } = document as Record<string, unknown>;
  if (Object.keys(others).length > 0) throw malformed('Syntax errors in policy.');
  if (Version !== undefined && !versions.includes(String(Version))) throw malformed('Syntax errors in policy.');
  if (Id !== undefined && typeof Id !== 'string') throw malformed('Syntax errors in policy.');
  const statements = asList<PolicyStatement>(Statement);
  if (statements.length === 0) throw malformed('Syntax errors in policy.');
  const sids = new Set<string>();
  for (const statement of statements) {
    checkStatement(statement, kind);
    if (statement.Sid === undefined) continue;
    if (sids.has(statement.Sid)) throw malformed('Statement IDs (SID) in a single policy must be unique.');
    sids.add(statement.Sid);
  }
  return statements;
}

export function asList<Item>(value: unknown): Item[] {
  if (value === undefined || value === null) return [];
  return (Array.isArray(value) ? value : [value]) as Item[];
}

function checkStatement(statement: PolicyStatement, kind: PolicyKind) {
  if (typeof statement !== 'object' || statement === null) throw malformed('Syntax errors in policy.');
  if (Object.keys(statement).some((name) => !statementMembers.includes(name)))
    throw malformed('Syntax errors in policy.');
  const { Effect, Sid, Principal, NotPrincipal, Action, NotAction, Resource, NotResource } = statement;
  if (Effect !== 'Allow' && Effect !== 'Deny') throw malformed('Syntax errors in policy.');
  if (Sid !== undefined && !/^[A-Za-z0-9]*$/.test(Sid) && kind !== 'resource')
    throw malformed(
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    );
  const actions = asList<string>(Action ?? NotAction);
  if (actions.length === 0) throw malformed('Policy statement must contain actions.');
  for (const action of actions) {
    if (typeof action !== 'string') throw malformed('Syntax errors in policy.');
    if (action !== '*' && !/^[A-Za-z0-9-]+:[A-Za-z0-9*?]+$/.test(action))
      throw malformed('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
  }
  if (kind === 'trust') {
    checkTrust(statement, actions);
    return;
  }
  if (kind === 'identity' && (Principal !== undefined || NotPrincipal !== undefined))
    throw malformed('Policy document should not specify a principal.');
  const resources = asList<string>(Resource ?? NotResource);
  if (resources.length === 0) throw malformed('Policy statement must contain resources.');
  for (const resource of resources)
    if (
      typeof resource !== 'string' ||
      (resource !== '*' && !/^arn:[^:]*:[^:]*:[^:]*:[^:]*:.+$/.test(resource) && !/^arn:.*\*/.test(resource))
    )
      throw malformed(`Resource ${resource} must be in ARN format or "*".`);
}

function checkTrust({ Principal, NotPrincipal, Resource, NotResource }: PolicyStatement, actions: string[]) {
  if (Resource !== undefined || NotResource !== undefined) throw malformed('Has prohibited field Resource');
  if (NotPrincipal !== undefined) throw malformed('Has prohibited field NotPrincipal');
  if (Principal === undefined) throw malformed('Missing required field Principal');
  if (actions.some((action) => !/^(sts|iam):/i.test(action)))
    throw malformed('AssumeRole policy may only specify STS AssumeRole actions.');
  if (Principal === '*') return;
  if (typeof Principal !== 'object' || Principal === null) throw malformed('Syntax errors in policy.');
  for (const [kind, named] of Object.entries(Principal)) {
    for (const principal of asList<string>(named)) {
      const valid =
        kind === 'Service'
          ? /^[\w.-]+\.(amazonaws\.com|amazonaws\.com\.cn|amazon\.com|aws\.internal|api\.aws)$/.test(principal)
          : kind === 'AWS'
            ? principal === '*' || /^\d{12}$/.test(principal) || /^arn:[^:]+:(iam|sts)::\d{12}:.+$/.test(principal)
            : ['Federated', 'CanonicalUser'].includes(kind);
      if (!valid) throw malformed(`Invalid principal in policy: "${kind.toUpperCase()}":"${principal}"`);
    }
  }
}

/** A document as IAM's answers carry it: percent-encoded as RFC 3986 says. */
export function encoded(document: string): string {
  return encodeURIComponent(document).replace(
    /[!'()*]/g,
    (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
