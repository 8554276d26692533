import type { LifecycleRule } from '@aws-sdk/client-s3';
import { refusal } from '../refusal.ts';

/** Refuses rules that S3 would not take; gives them back otherwise. */
export function checkLifecycle(rules: LifecycleRule[] | undefined): LifecycleRule[] {
  const malformed = () =>
    refusal(
      'MalformedXML',
      'The XML you provided was not well-formed or did not validate against our published schema',
    );
  if (!rules || rules.length === 0 || rules.length > 1000) throw malformed();
  const ids = new Set<string>();
  for (const rule of rules) {
    const { ID, Status, Expiration, Filter, Prefix } = rule;
    if (Status !== 'Enabled' && Status !== 'Disabled') throw malformed();
    if (Filter === undefined && Prefix === undefined) throw malformed();
    if (ID !== undefined && ids.has(ID))
      throw refusal('InvalidArgument', 'Rule ID must be unique. Found same ID for more than one rule');
    if (ID !== undefined) ids.add(ID);
    if (ID !== undefined && ID.length > 255)
      throw refusal('InvalidArgument', 'ID length should not exceed allowed limit of 255');
    const acts =
      Expiration ??
      rule.Transitions?.[0] ??
      rule.NoncurrentVersionExpiration ??
      rule.NoncurrentVersionTransitions?.[0] ??
      rule.AbortIncompleteMultipartUpload;
    if (acts === undefined) throw refusal('InvalidRequest', 'At least one action needs to be specified in a rule');
    for (const [days, what] of [
      [Expiration?.Days, "'Days' for Expiration action"],
      [rule.NoncurrentVersionExpiration?.NoncurrentDays, "'NoncurrentDays' for NoncurrentVersionExpiration action"],
      [
        rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation,
        "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action",
      ],
    ] as const)
      if (days !== undefined && days <= 0) throw refusal('InvalidArgument', `${what} must be a positive integer`);
  }
  return rules;
}
