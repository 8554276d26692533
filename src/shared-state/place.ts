/** Where a shared state is. `prefix` is empty or ends with a slash. */
export interface BucketPlace {
  readonly bucket: string;
  readonly prefix: string;
}

/** Of the setting `state`: `s3://bucket/prefix`; undefined for `local`. */
export function bucketPlace(setting: string): BucketPlace | undefined {
  const [, bucket, path = ''] = /^s3:\/\/([^/]+)\/?(.*?)\/?$/.exec(setting) ?? [];
  if (bucket === undefined) return undefined;
  return { bucket, prefix: path === '' ? '' : `${path}/` };
}
