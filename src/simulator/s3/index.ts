import type { Noun } from '../noun.ts';
import { bucketAccess } from './bucket-access.ts';
import { bucketSettings } from './bucket-settings.ts';
import { bucketTraffic } from './bucket-traffic.ts';
import { bucketWeb } from './bucket-web.ts';
import { buckets } from './buckets.ts';
import { listings } from './listings.ts';
import { multipartListings } from './multipart-listings.ts';
import { multipartUploads } from './multipart-uploads.ts';
import { objectReads } from './object-reads.ts';
import { objectTagging } from './object-tagging.ts';
import { objects } from './objects.ts';

export const s3Nouns: readonly Noun[] = [
  buckets,
  bucketSettings,
  bucketAccess,
  bucketTraffic,
  bucketWeb,
  objects,
  objectReads,
  objectTagging,
  listings,
  multipartUploads,
  multipartListings,
];
