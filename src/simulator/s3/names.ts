import { refusal } from '../refusal.ts';

/** True for what looks like a region of AWS. */
export function isS3Region(name: string): boolean {
  return /^(us|eu|ap|ca|sa|me|af|il|mx|cn|us-gov)-(north|south|east|west|central|northeast|northwest|southeast|southwest)-\d$/.test(
    name,
  );
}

const reservedPrefixes = ['xn--', 'sthree-', 'amzn-s3-demo-'];
const reservedSuffixes = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3'];

/** Refuses what S3 does not take as a bucket's name, by its published naming rules. */
export function checkBucketName(
  name: string,
  { region, accountId, namespace }: { region: string; accountId: string; namespace: string },
) {
  const invalid = (message = 'The specified bucket is not valid.') =>
    refusal('InvalidBucketName', message, 400, { BucketName: name });
  const plain =
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !name.includes('..') &&
    !/^\d{1,3}(\.\d{1,3}){3}$/.test(name) &&
    !reservedPrefixes.some((prefix) => name.startsWith(prefix)) &&
    !reservedSuffixes.some((suffix) => name.endsWith(suffix));
  if (!plain) throw invalid();
  if (namespace === 'account-regional') {
    if (!name.endsWith(`-${accountId}-${region}-an`) || name.includes('.'))
      throw invalid(`A bucket in the account regional namespace must be named PREFIX-${accountId}-${region}-an.`);
  } else if (name.endsWith('-an')) {
    throw invalid('The suffix -an is reserved for buckets in the account regional namespace.');
  }
}

/** Refuses a key that S3 does not store. */
export function checkKey(key: string) {
  if (Buffer.byteLength(key) > 1024)
    throw refusal('KeyTooLongError', 'Your key is too long', 400, {
      Size: Buffer.byteLength(key),
      MaxSizeAllowed: 1024,
    });
}
