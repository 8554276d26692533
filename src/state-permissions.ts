import type { Config } from './config/schema.ts';
import type { Grant } from './permissions.ts';
import { bucketPlace } from './shared-state/place.ts';

/** A state that a team keeps in S3. No rehearsal needs it: it keeps its state beside its account. */
export function sharedState({ state }: Config, partition: string): Grant[] {
  const where = bucketPlace(state);
  if (!where) return [];
  const bucket = `arn:${partition}:s3:::${where.bucket}`;
  const objects = ['state.json', 'state.json.moved', 'lock.json'].map((name) => `${bucket}/${where.prefix}${name}`);
  return [
    {
      sid: 'ReadTheState',
      actions: ['s3:GetObject'],
      resources: objects,
      mishap: ['up', 'status', 'destroy'],
    },
    {
      // Without it AWS says "forbidden" of an object that is not there.
      sid: 'SeeWhetherThereIsAState',
      actions: ['s3:ListBucket'],
      resources: [bucket],
      mishap: ['up', 'status', 'destroy'],
    },
    {
      sid: 'WriteTheState',
      actions: ['s3:PutObject', 's3:DeleteObject'],
      resources: objects,
      mishap: ['up', 'destroy'],
    },
  ];
}
