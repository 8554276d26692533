import { refusal } from '../refusal.ts';
import type { BucketRow, BucketSettings } from './buckets.ts';

/** Parameters of every put of a sub-resource. */
export const common = ['Bucket', 'ExpectedBucketOwner', 'ChecksumAlgorithm', 'ContentMD5'] as const;
/** Parameters of every get and delete of one. */
export const reading = ['Bucket', 'ExpectedBucketOwner'] as const;

/** Keeps a sub-resource as it was put: plain data that neither side can change behind the other's back. */
export function keep(bucket: BucketRow, name: keyof BucketSettings, value: object) {
  Object.assign(bucket.settings, { [name]: JSON.parse(JSON.stringify(value)) });
}

/** What was put, with its dates; `undefined` when nothing was. */
export function kept<Value>(bucket: BucketRow, name: keyof BucketSettings): Value | undefined {
  const value = bucket.settings[name];
  if (value === undefined) return undefined;
  return JSON.parse(JSON.stringify(value), (key, item) => (key === 'Date' ? new Date(item) : item)) as Value;
}

/** What was put, or AWS's refusal for when nothing was. */
export function requireKept<Value>(
  bucket: BucketRow,
  name: keyof BucketSettings,
  code: string,
  message: string,
): Value {
  const value = kept<Value>(bucket, name);
  if (value === undefined) throw refusal(code, message, 404, { BucketName: bucket.name });
  return value;
}

export function malformedXml() {
  return refusal(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );
}
