import type { RuleCondition } from '@aws-sdk/client-elastic-load-balancing-v2';
import { parseCidr } from '../cidr.ts';
import { refusal } from '../refusal.ts';
import type { LoadBalancerRow } from './rows.ts';

const valuesPerRule = 5;
/** Fields of which a rule may have one condition; of the others it may have several. */
const once = ['http-request-method', 'host-header', 'path-pattern', 'source-ip'];
const repeatable = ['http-header', 'query-string'];

function invalid(message: string) {
  return refusal('ValidationError', message);
}

/** The conditions as AWS stores them (`Values` and the field's own config say the same), or AWS's refusal. */
export function conditionsFor(
  given: readonly RuleCondition[] | undefined,
  type: LoadBalancerRow['type'],
): RuleCondition[] {
  if (!given?.length) throw invalid('A condition must be specified');
  const conditions = structuredClone([...given]).map(stored);
  const fields = conditions.map(({ Field = '' }) => Field);
  const twice = once.find((field) => fields.filter((other) => other === field).length > 1);
  if (twice !== undefined) throw invalid(`A rule can only have one '${twice}' condition`);
  const other = fields.find((field) => type === 'network' && field !== 'source-ip');
  if (other !== undefined) throw invalid(`Condition field '${other}' is not supported on network load balancers`);
  const values = conditions.reduce((sum, condition) => sum + valuesOf(condition).length, 0);
  if (values > valuesPerRule) throw invalid(`A rule can only have '${valuesPerRule}' condition values`);
  return conditions;
}

function stored(condition: RuleCondition): RuleCondition {
  const { Field = '', Values, RegexValues } = condition;
  if (![...once, ...repeatable].includes(Field))
    throw invalid(`Condition field '${Field}' must be one of '[${[...once, ...repeatable].join(', ')}]'`);
  if (Values && Field !== 'host-header' && Field !== 'path-pattern')
    throw invalid(`Values of a '${Field}' condition must be given in its own config`);
  const texts = Values ?? [];
  const full: RuleCondition =
    texts.length > 0 && Field === 'host-header'
      ? { ...condition, HostHeaderConfig: { Values: texts } }
      : texts.length > 0
        ? { ...condition, PathPatternConfig: { Values: texts } }
        : condition;
  const found = valuesOf(full);
  if (found.length === 0 && !RegexValues?.length && full.SourceIpConfig?.IpAddressType === undefined)
    throw invalid(`A condition value must be specified for the field '${Field}'`);
  if (found.some((value) => value === '' || value.length > 128))
    throw invalid(`Condition values of '${Field}' must have between 1 and 128 characters`);
  if (Field === 'source-ip' && found.some((value) => !value.includes(':') && !parseCidr(value)))
    throw invalid(`Condition value '${found.join()}' must be a valid CIDR block`);
  if (Field === 'http-request-method' && found.some((value) => !/^[A-Z_-]{1,40}$/.test(value)))
    throw invalid(`Condition value '${found.join()}' is not a valid HTTP method`);
  if (Field === 'http-header' && !full.HttpHeaderConfig?.HttpHeaderName)
    throw invalid('An HTTP header name must be specified');
  return (Values ?? !['host-header', 'path-pattern'].includes(Field)) ? full : { ...full, Values: found };
}

function valuesOf(condition: RuleCondition): string[] {
  const config =
    condition.HostHeaderConfig ??
    condition.PathPatternConfig ??
    condition.HttpHeaderConfig ??
    condition.HttpRequestMethodConfig ??
    condition.SourceIpConfig;
  const pairs = condition.QueryStringConfig?.Values?.map(({ Value = '' }) => Value);
  return pairs ?? config?.Values ?? [];
}
